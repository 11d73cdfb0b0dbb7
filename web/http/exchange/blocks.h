/*
 * The blocks of memory in which bodies wait for a worker: so many for a loop, however many bodies
 * are under way. A request has one only while bytes of its body are in it. Who needs one when all
 * are lent stands in line; who keeps one that is not full stands in another, so that the one who
 * has kept it for longest can be asked to hand its bytes on. A request stands in one line at most.
 *
 * One Blocks belongs to one loop and is used on its thread only.
 */
#pragma once

#include "web/http/exchange/request.h"

typedef struct Blocks Blocks;

/* At most so many, each allocated when it is first needed, and then kept. */
Blocks *blocks_new(size_t count);
void blocks_free(Blocks *blocks); /* none is lent */

/* Lends the request's body a block. False: none is free, and the request waits in line. */
_must_check_ bool blocks_lend(Blocks *blocks, Request *request);

/* The same for what comes while a worker has the first one; nobody waits for that. */
_must_check_ bool blocks_lend_ahead(Blocks *blocks, Request *request);
bool blocks_wanted(const Blocks *blocks); /* somebody waits */

/* The request keeps its block for the bytes that come next. */
void blocks_keep(Blocks *blocks, Request *request);
Request *blocks_longest_keeper(const Blocks *blocks); /* NULL: nobody keeps one */

/* Takes the request out of its line; nothing where it stands in none. */
void blocks_leave(Blocks *blocks, Request *request);

/* Takes the block back, if the body has one, with whatever is in it. Who waited for longest has it
 * now and stands in line no more: the caller wakes it. NULL: nobody waited. */
Request *blocks_take_back(Blocks *blocks, Request *request);
