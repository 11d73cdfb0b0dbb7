/*
 * The page's files, built into the program.
 *
 * web/ui/build.mjs writes the matching assets.c: every file as it is, and its gzip and brotli
 * copies where these are smaller. All of it is constant, lives as long as the program and may be
 * read from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { UI_ETAG_SIZE = 40 };

/* One content coding of one file. Size 0: this copy does not exist, it would not be smaller. */
typedef struct UiBody {
    const unsigned char *data;
    size_t size;
    char etag[UI_ETAG_SIZE]; /* strong, quoted; another one per coding (RFC 9110 §8.8.3.3) */
} UiBody;

typedef struct UiAsset {
    const char *path;         /* as requested: "/", "/assets/app-1a2b3c4d5e.js" */
    const char *content_type; /* the whole header value */
    bool immutable;           /* the name carries the content's hash; otherwise "no-cache" */
    UiBody identity;          /* always there */
    UiBody gzip;
    UiBody brotli;
} UiAsset;

/* Sorted by path in byte order, so that a binary search may be used. */
extern const UiAsset ui_assets[];
extern const size_t ui_asset_count;
