/* Between the API's files: the form that brings a transcoder's result, and how a file of the volume
 * is described to http. Worker threads. */
#pragma once

#include "web/api/api.h"

extern const FormHandler api_delivery_form;

/* All but fd, cache_control and Repr-Digest, which is left empty. */
void api_describe_file(const FileRow *file, ServedFile *served);
