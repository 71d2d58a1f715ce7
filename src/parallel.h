/*
 * parallel.h: training with PostgreSQL's parallel workers.
 *
 *     workers = hv_crew_wanted(relid, operations, units);
 *     crew = hv_crew_new(bytes, workers);            NULL: go on alone
 *     place = hv_crew_memory(crew, bytes); …         records and the share, written by the leader
 *     hv_crew_start(crew, …);                        from here on in parallel mode
 *     hv_fit_team(trainer, hv_crew_team(crew), …);
 *     hv_crew_end(crew);                             workers are gone, the memory is still there
 *     hv_crew_free(crew);
 *
 * Fewer workers may start than were wanted, or none: all works as well, and gives the same bytes.
 */
#ifndef HV_PARALLEL_H
#define HV_PARALLEL_H

#include "hadvice.h"

#include "core/fit.h"
#include "core/format.h"

typedef struct HvCrew HvCrew;

/*
 * How many workers a training may have: by the settings, by whether it is worth it (floating-point
 * operations it will take), and by the units of work that can be done at the same time.
 */
int hv_crew_wanted(Oid relid, double operations, uint32_t units);

/* Bytes that a crew itself needs of its memory. */
size_t hv_crew_overhead(const HvModel *model);

/* Shared memory for a training, set to zero. NULL when there is none. */
HvCrew *hv_crew_new(size_t bytes, int workers);

/* Room in it, aligned to 64 bytes; more than was asked for in hv_crew_new is a bug. */
void *hv_crew_memory(HvCrew *crew, size_t bytes);

/*
 * Launches the workers. The model's schema and configuration, the options and both windows are what
 * they work with; windows and share must lie in the crew's memory.
 */
void hv_crew_start(HvCrew *crew, const HvModel *model, HvTrainer *leader, const char *share);

HvTeam hv_crew_team(HvCrew *crew);

void hv_crew_end(HvCrew *crew);
void hv_crew_free(HvCrew *crew);

#endif
