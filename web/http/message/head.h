/*
 * The head of a request, RFC 9112 §2, §3 and §5: found in the bytes as they come, then cut up where
 * it lies. Strict, because a proxy in front may have understood the same bytes differently: lines
 * end in CR LF and nothing else, the words of the first are one blank apart, no line is folded, no
 * control character is anywhere. What each field means is framing.h's and the handlers' matter.
 * Pure; any thread.
 */
#pragma once

#include "common/base/error.h"

/* How far a head has been looked through; zeroed for a new one. */
typedef struct HeadScan {
    size_t line;   /* where the line begins that has no end yet */
    size_t start;  /* of the first line: empty ones before it do not count (RFC 9112 §2.2) */
    size_t size;   /* of all up to behind the empty line, once it is there */
    size_t fields; /* lines between the first and the empty one */
    bool begun;    /* the first line is there */
} HeadScan;

typedef enum HeadEnd { HEAD_PARTIAL, HEAD_WHOLE, HEAD_MALFORMED } HeadEnd;

/* Looks through the `length` bytes that have come so far, of which the first must be those of the
 * call before. Only what can never become a head is malformed here; the rest is head_parse's. */
HeadEnd head_scan(HeadScan *scan, const char *bytes, size_t length);

/* A field's place behind Head.bytes. Name and value end in NUL, blanks around the value are cut
 * off. */
typedef struct HeadField {
    uint16_t name, name_length, value, value_length;
} HeadField;

/* Borrows the bytes and the fields. */
typedef struct Head {
    const char *bytes;
    const char *method, *target, *version; /* as sent; the version is HTTP/1.x */
    const HeadField *fields;
    size_t count;
} Head;

/* Cuts up the head that `scan` has found whole, in place; `fields` has room for scan->fields. At
 * most HTTP_HEAD_MAX bytes. ERROR_BAD_REQUEST or ERROR_HEADERS, and the connection must be closed.
 */
_must_check_ bool head_parse(char *bytes, const HeadScan *scan, HeadField *fields, Head *out,
                             Error *error);

/* The value of the first field of that name, case aside; NULL when absent. */
const char *head_field(const Head *head, const char *name);
