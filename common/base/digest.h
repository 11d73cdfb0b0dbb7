/*
 * Digests of content: BLAKE2b-256 is the identity of a file's bytes; SHA-256 is computed where a
 * standard asks for it (RFC 9530 Repr-Digest), by nettle, which uses the processor's own
 * instructions where it has them: libsodium's takes four times as long. Any thread, one state at a
 * time.
 */
#pragma once

#include <nettle/sha2.h>
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
        struct sha256_ctx sha256;
    };
} DigestState;

/* The versions of the libraries, a line each. */
void digest_print_libraries(FILE *out);

void digest_init(DigestState *state, DigestKind kind);
void digest_update(DigestState *state, const void *data, size_t length);
void digest_final(DigestState *state, Digest *out);

/* The states of a file's two digests put away, to go on with: by these libraries in these versions,
 * on such a machine. */
#define DIGEST_SAVED_MAX 512 /* bytes; the two have 384 and 112 */
#define DIGEST_TAG_MAX   95  /* characters */
typedef struct DigestSaved {
    char tag[DIGEST_TAG_MAX + 1]; /* whose state it is */
    unsigned char bytes[DIGEST_SAVED_MAX];
    size_t length;
} DigestSaved;

/* The states may go on afterwards. */
void digest_save(const DigestState *blake2b, const DigestState *sha256, DigestSaved *out);

/* False: it is another library's, or another version's, and cannot be gone on with. */
_must_check_ bool digest_restore(const DigestSaved *saved, DigestState *blake2b,
                                 DigestState *sha256);

/* Adds the first `length` bytes of a file, or all of a shorter one, read with pread in 1 MiB
 * blocks.
 */
_must_check_ bool digest_update_file(DigestState *state, int fd, uint64_t length, Error *error);

/* The digest of a whole file. */
_must_check_ bool digest_file(int fd, DigestKind kind, Digest *out, Error *error);

/* The text form that goes over the wire and into manifests, RFC 9530 §2: `blake2b-256=:base64:` or
 * `sha-256=:base64:`. */
void digest_format(DigestKind kind, const Digest *digest, char text[DIGEST_FIELD_SIZE]);

/* Reads exactly that form; false for any other kind or a damaged text. */
_must_check_ bool digest_parse(DigestKind kind, const char *text, Digest *out);

bool digest_equal(const Digest *a, const Digest *b);
