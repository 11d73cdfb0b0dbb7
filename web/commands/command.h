/* The program's commands: one file each, exporting one table row. Main thread. */
#pragma once

#include "common/program/program.h"

extern const ProgramCommand command_serve;
extern const ProgramCommand command_check;
