#include "web/http/message/chunked.h"

#define SIZE_DIGITS_MAX 15 /* far beyond every body, and no overflow */

static int chunked_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* One byte of what stands around the content; false where it cannot stand. */
static bool chunked_step(Chunked *chunked, char byte)
{
    int digit = chunked_digit(byte);
    bool text = (unsigned char)byte >= ' ' ? byte != 0x7F : byte == '\t';
    switch (chunked->state) {
    case CHUNKED_SIZE:
        if (digit >= 0) {
            bool padded = chunked->digits > 0 && chunked->left == 0;
            chunked->digits = chunked->left > 0 ? chunked->digits + 1 : 1;
            chunked->left = chunked->left << 4 | (unsigned)digit;
            return chunked->digits <= SIZE_DIGITS_MAX &&
                   (!padded || ++chunked->extra <= CHUNKED_EXTRA_MAX);
        }
        chunked->state = byte == ';' ? CHUNKED_EXTENSION : CHUNKED_SIZE_LF;
        return chunked->digits > 0 && (byte == ';' || byte == '\r');
    case CHUNKED_EXTENSION:
        chunked->state = byte == '\r' ? CHUNKED_SIZE_LF : CHUNKED_EXTENSION;
        return (text || byte == '\r') && ++chunked->extra <= CHUNKED_EXTRA_MAX;
    case CHUNKED_SIZE_LF:
        chunked->state = chunked->left > 0 ? CHUNKED_DATA : CHUNKED_TRAILER;
        return byte == '\n';
    case CHUNKED_DATA_CR:
        chunked->state = CHUNKED_DATA_LF;
        return byte == '\r';
    case CHUNKED_DATA_LF:
        chunked->state = CHUNKED_SIZE;
        chunked->digits = 0;
        return byte == '\n';
    case CHUNKED_TRAILER:
        chunked->state = byte == '\r' ? CHUNKED_END_LF : CHUNKED_TRAILER_NAME;
        return byte == '\r' || (text && byte != ' ' && byte != '\t' && byte != ':');
    case CHUNKED_TRAILER_NAME:
        chunked->state = byte == ':' ? CHUNKED_TRAILER_LINE : CHUNKED_TRAILER_NAME;
        return text && byte != ' ' && byte != '\t' && ++chunked->extra <= CHUNKED_EXTRA_MAX;
    case CHUNKED_TRAILER_LINE:
        chunked->state = byte == '\r' ? CHUNKED_TRAILER_LF : CHUNKED_TRAILER_LINE;
        return (text || byte == '\r') && ++chunked->extra <= CHUNKED_EXTRA_MAX;
    case CHUNKED_TRAILER_LF:
        chunked->state = CHUNKED_TRAILER;
        return byte == '\n';
    case CHUNKED_END_LF:
        chunked->state = CHUNKED_END;
        return byte == '\n';
    case CHUNKED_DATA:
    case CHUNKED_END:
        break;
    }
    UNREACHABLE();
}

bool chunked_decode(Chunked *chunked, char *bytes, size_t length, size_t *used, size_t *content,
                    Error *error)
{
    size_t at = 0, kept = 0;
    while (at < length && chunked->state != CHUNKED_END) {
        if (chunked->state != CHUNKED_DATA) {
            if (!chunked_step(chunked, bytes[at++]))
                return error_set(error, ERROR_BAD_REQUEST, "The chunks of the content are broken.");
            continue;
        }
        size_t part = MIN_OF(length - at, chunked->left);
        memmove(bytes + kept, bytes + at, part);
        at += part;
        kept += part;
        chunked->left -= part;
        if (chunked->left == 0)
            chunked->state = CHUNKED_DATA_CR;
    }
    *used = at;
    *content = kept;
    return true;
}
