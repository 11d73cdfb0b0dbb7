#include "common/base/digest.h"

#include <errno.h>

#define BLOCK_SIZE (1 << 20)

static const char *const prefixes[] = {
    [DIGEST_BLAKE2B] = "blake2b-256=:",
    [DIGEST_SHA256] = "sha-256=:",
};

void digest_init(DigestState *state, DigestKind kind)
{
    state->kind = kind;
    if (kind == DIGEST_SHA256)
        crypto_hash_sha256_init(&state->sha256);
    else
        crypto_generichash_init(&state->blake2b, NULL, 0, DIGEST_SIZE);
}

void digest_update(DigestState *state, const void *data, size_t length)
{
    if (state->kind == DIGEST_SHA256)
        crypto_hash_sha256_update(&state->sha256, data, length);
    else
        crypto_generichash_update(&state->blake2b, data, length);
}

void digest_final(DigestState *state, Digest *out)
{
    if (state->kind == DIGEST_SHA256)
        crypto_hash_sha256_final(&state->sha256, out->bytes);
    else
        crypto_generichash_final(&state->blake2b, out->bytes, DIGEST_SIZE);
}

bool digest_file(int fd, DigestKind kind, Digest *out, Error *error)
{
    _cleanup_free_ char *block = base_calloc(1, BLOCK_SIZE);
    DigestState state;
    off_t offset = 0;
    digest_init(&state, kind);
    for (;;) {
        ssize_t got = pread(fd, block, BLOCK_SIZE, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "A file could not be read back");
        if (got == 0)
            break;
        digest_update(&state, block, (size_t)got);
        offset += got;
    }
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
    Digest parsed;
    if (strncmp(text, prefixes[kind], prefix) != 0)
        return false;
    text += prefix;
    if (sodium_base642bin(parsed.bytes, DIGEST_SIZE, text, strlen(text), NULL, &length, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    if (length != DIGEST_SIZE || !streq(end, ":"))
        return false;
    *out = parsed;
    return true;
}

bool digest_equal(const Digest *a, const Digest *b)
{
    return sodium_memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}
