/*
 * The picture's way where its packets are taken as they are: check → strip → mux, with a look at a
 * key frame every second for the gallery. Unfit, and to be encoded after all, is a picture
 *
 *  - whose packets lack times, or whose times do not grow, or that begins more than a quarter of a
 *    second after the sound;
 *  - whose times are those of decoding where pictures are shown in another order;
 *  - that an edit list cuts or that does not begin with a key frame, where players disagree;
 *  - with a key frame that is no IDR picture: where one can begin would stand in the supplemental
 *    information, and that goes, because cameras keep notes there;
 *  - whose decoder's configuration changes on the way, whose units are damaged, or of which a key
 *    frame cannot be decoded or looks different from what the container told;
 *  - with more bits or frames a second, counted, than the policy allows.
 */
#pragma once

#include <libavformat/avformat.h>

#include "common/media/media_facts.h"
#include "transcoder/pipeline/gallery.h"
#include "transcoder/pipeline/mux.h"
#include "transcoder/pipeline/track.h"
#include "transcoder/plan/plan.h"

typedef struct CopyPictureSpec {
    const AVStream *stream; /* all borrowed for the track's life */
    const MediaStream *facts;
    const EncodePlan *plan;
    Mux *mux;
    Gallery *gallery;
} CopyPictureSpec;

_must_check_ bool copy_picture_open(const CopyPictureSpec *spec, Track *out, Error *error);
