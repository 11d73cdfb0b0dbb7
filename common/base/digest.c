#include "common/base/digest.h"

#include <errno.h>
#include <nettle/version.h>

#define BLOCK_SIZE (1 << 20)

static const char *const prefixes[] = {
    [DIGEST_BLAKE2B] = "blake2b-256=:",
    [DIGEST_SHA256] = "sha-256=:",
};

void digest_print_libraries(FILE *out)
{
    fprintf(out, "libsodium %s\n", sodium_version_string());
    fprintf(out, "nettle %d.%d\n", nettle_version_major(), nettle_version_minor());
}

void digest_init(DigestState *state, DigestKind kind)
{
    state->kind = kind;
    if (kind == DIGEST_SHA256)
        sha256_init(&state->sha256);
    else
        crypto_generichash_init(&state->blake2b, NULL, 0, DIGEST_SIZE);
}

void digest_update(DigestState *state, const void *data, size_t length)
{
    if (state->kind == DIGEST_SHA256)
        sha256_update(&state->sha256, length, data);
    else
        crypto_generichash_update(&state->blake2b, data, length);
}

void digest_final(DigestState *state, Digest *out)
{
    if (state->kind == DIGEST_SHA256)
        sha256_digest(&state->sha256, DIGEST_SIZE, out->bytes);
    else
        crypto_generichash_final(&state->blake2b, out->bytes, DIGEST_SIZE);
}

#define SAVED_LENGTH (sizeof(crypto_generichash_state) + sizeof(struct sha256_ctx))
_Static_assert(SAVED_LENGTH <= DIGEST_SAVED_MAX, "both states fit");

static void digest_tag(char tag[DIGEST_TAG_MAX + 1])
{
    static const uint16_t one = 1;
    const unsigned char *first = (const unsigned char *)&one;
    snprintf(tag, DIGEST_TAG_MAX + 1,
             "blake2b libsodium %s, sha256 nettle %d.%d, %zu bytes, %s endian",
             sodium_version_string(), nettle_version_major(), nettle_version_minor(), SAVED_LENGTH,
             *first ? "little" : "big");
}

void digest_save(const DigestState *blake2b, const DigestState *sha256, DigestSaved *out)
{
    REQUIRE(blake2b->kind == DIGEST_BLAKE2B && sha256->kind == DIGEST_SHA256);
    digest_tag(out->tag);
    out->length = SAVED_LENGTH;
    memcpy(out->bytes, &blake2b->blake2b, sizeof blake2b->blake2b);
    memcpy(out->bytes + sizeof blake2b->blake2b, &sha256->sha256, sizeof sha256->sha256);
}

bool digest_restore(const DigestSaved *saved, DigestState *blake2b, DigestState *sha256)
{
    char tag[DIGEST_TAG_MAX + 1];
    digest_tag(tag);
    if (!streq(saved->tag, tag) || saved->length != SAVED_LENGTH)
        return false;
    blake2b->kind = DIGEST_BLAKE2B;
    memcpy(&blake2b->blake2b, saved->bytes, sizeof blake2b->blake2b);
    sha256->kind = DIGEST_SHA256;
    memcpy(&sha256->sha256, saved->bytes + sizeof blake2b->blake2b, sizeof sha256->sha256);
    return true;
}

bool digest_update_file(DigestState *state, int fd, uint64_t length, Error *error)
{
    _cleanup_free_ char *block = base_calloc(1, BLOCK_SIZE);
    for (uint64_t offset = 0; offset < length;) {
        ssize_t got = pread(fd, block, MIN_OF(BLOCK_SIZE, length - offset), (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "A file could not be read back");
        if (got == 0)
            break;
        digest_update(state, block, (size_t)got);
        offset += (uint64_t)got;
    }
    return true;
}

bool digest_file(int fd, DigestKind kind, Digest *out, Error *error)
{
    DigestState state;
    digest_init(&state, kind);
    if (!digest_update_file(&state, fd, UINT64_MAX, error))
        return false;
    digest_final(&state, out);
    return true;
}

void digest_format(DigestKind kind, const Digest *digest, char text[DIGEST_FIELD_SIZE])
{
    char base64[sodium_base64_ENCODED_LEN(DIGEST_SIZE, sodium_base64_VARIANT_ORIGINAL)];
    sodium_bin2base64(base64, sizeof base64, digest->bytes, DIGEST_SIZE,
                      sodium_base64_VARIANT_ORIGINAL);
    snprintf(text, DIGEST_FIELD_SIZE, "%s%s:", prefixes[kind], base64);
}

bool digest_parse(DigestKind kind, const char *text, Digest *out)
{
    size_t prefix = strlen(prefixes[kind]), length;
    const char *end;
    char again[DIGEST_FIELD_SIZE];
    Digest parsed;
    if (strncmp(text, prefixes[kind], prefix) != 0)
        return false;
    if (sodium_base642bin(parsed.bytes, DIGEST_SIZE, text + prefix, strlen(text + prefix), NULL,
                          &length, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        length != DIGEST_SIZE)
        return false;
    /* The library takes some bytes beyond ASCII for letters. */
    digest_format(kind, &parsed, again);
    if (!streq(again, text))
        return false;
    *out = parsed;
    return true;
}

bool digest_equal(const Digest *a, const Digest *b)
{
    return sodium_memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}
