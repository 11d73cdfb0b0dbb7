#include "common/base/id.h"

#include <sodium.h>
#include <stdatomic.h>

static char process_prefix[13];
static atomic_uint_fast64_t request_count;

void id_init(void)
{
    unsigned char seed[6];
    REQUIRE(sodium_init() >= 0);
    randombytes_buf(seed, sizeof seed);
    sodium_bin2hex(process_prefix, sizeof process_prefix, seed, sizeof seed);
}

void id_uuid(char uuid[UUID_SIZE])
{
    unsigned char bytes[16];
    char hex[33];
    randombytes_buf(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    snprintf(uuid, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

bool id_uuid_valid(const char *text)
{
    for (size_t i = 0; i < UUID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !text[i] || !strchr("0123456789abcdef", text[i]))
            return false;
    }
    return text[UUID_SIZE - 1] == '\0';
}

void id_token(char token[TOKEN_SIZE])
{
    unsigned char bytes[32];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(token, TOKEN_SIZE, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void id_short(char name[SHORT_ID_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < SHORT_ID_SIZE - 1; i++)
        name[i] = letters[randombytes_uniform(sizeof letters - 1)];
    name[SHORT_ID_SIZE - 1] = '\0';
}

void id_request(char id[REQUEST_ID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    uint64_t number = atomic_fetch_add_explicit(&request_count, 1, memory_order_relaxed);
    memcpy(id, process_prefix, 12);
    for (size_t i = 0; i < 12; i++)
        id[12 + i] = hex[(number >> (44 - 4 * i)) & 15];
    id[REQUEST_ID_SIZE - 1] = '\0';
}

bool id_secret_equal(const char *expected, const char *given)
{
    unsigned char a[crypto_generichash_BYTES], b[crypto_generichash_BYTES];
    crypto_generichash(a, sizeof a, (const unsigned char *)expected, strlen(expected), NULL, 0);
    crypto_generichash(b, sizeof b, (const unsigned char *)given, strlen(given), NULL, 0);
    return sodium_memcmp(a, b, sizeof a) == 0 && expected[0] != '\0';
}
