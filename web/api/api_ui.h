/* The page: the files of web/ui, built into the program. */
#pragma once

#include "web/http/http.h"

extern const Route api_ui_routes[];
