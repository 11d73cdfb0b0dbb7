/*
 * Digests of content: BLAKE2b-256 is the identity of a file's bytes; SHA-256 is computed where a
 * standard asks for it (RFC 9530 Repr-Digest). Any thread, one state at a time.
 */
#pragma once

#include <sodium.h>

#include "common/base/error.h"

#define DIGEST_SIZE       32
#define DIGEST_FIELD_SIZE 96 /* characters of an RFC 9530 field value, with NUL */

typedef struct Digest {
    unsigned char bytes[DIGEST_SIZE];
} Digest;

typedef enum DigestKind { DIGEST_BLAKE2B, DIGEST_SHA256 } DigestKind;

typedef struct DigestState {
    DigestKind kind;
    union {
        crypto_generichash_state blake2b;
        crypto_hash_sha256_state sha256;
    };
} DigestState;

void digest_init(DigestState *state, DigestKind kind);
void digest_update(DigestState *state, const void *data, size_t length);
void digest_final(DigestState *state, Digest *out);

/* The digest of a whole file from its start, read with pread in 1 MiB blocks. */
bool digest_file(int fd, DigestKind kind, Digest *out, Error *error);

/* The text form that goes over the wire and into manifests, RFC 9530 §2: `blake2b-256=:base64:` or
 * `sha-256=:base64:`. */
void digest_format(DigestKind kind, const Digest *digest, char text[DIGEST_FIELD_SIZE]);

/* Reads exactly that form; false for any other kind or a damaged text. */
bool digest_parse(DigestKind kind, const char *text, Digest *out);

bool digest_equal(const Digest *a, const Digest *b);
