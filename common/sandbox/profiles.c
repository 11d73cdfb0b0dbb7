#include "common/sandbox/profiles.h"

const ProfileRow profiles[PROFILE_COUNT] = {
#define X(profile, word, data, file, cpu, niceness, calls)                                         \
    [profile] = {word, data, file, cpu, niceness, calls},
    PROFILES(X)
#undef X
};
