/* Digests and ids as text: there is one text for each, and no other is taken. */
#include "common/base/digest.h"
#include "common/base/id.h"
#include "tests/fuzz/fuzz.h"

static void read_digest(DigestKind kind, const char *text)
{
    Digest digest;
    char again[DIGEST_FIELD_SIZE];
    if (!digest_parse(kind, text, &digest))
        return;
    digest_format(kind, &digest, again);
    REQUIRE(streq(again, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {(const char *)data, size};
    _cleanup_free_ char *text = fuzz_rest(&input);
    read_digest(DIGEST_BLAKE2B, text);
    read_digest(DIGEST_SHA256, text);
    if (id_uuid_valid(text))
        REQUIRE(strspn(text, "0123456789abcdef-") == UUID_SIZE - 1 && strlen(text) == 36);
    return 0;
}
