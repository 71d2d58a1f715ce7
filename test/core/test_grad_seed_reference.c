/*
 * test_grad_seed_reference.c: test_seed_reference.c with a double core (as all test_grad*.c).
 */
#include "test_seed_reference.c"
