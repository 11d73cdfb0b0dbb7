/*
 * The child's side of an encode: everything comes and goes through the descriptors of
 * encoder_message.h; it knows no names, no network and no secrets. Runs as the whole of a process.
 */
#pragma once

/* A ZygoteTask of that name: `argv` begins with ENCODER_CHILD_COMMAND. Returns the exit status: 0
 * after a result. */
int encoder_child_main(int argc, char **argv);
