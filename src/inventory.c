/*
 * inventory.c
 *		Where the server loads the library.
 */
#include "postgres.h"

#include "fmgr.h"

#include "fast_path.h"
#include "guc.h"
#include "worker/launcher.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

/*
 * Called once when the library is loaded.
 */
void
_PG_init(void)
{
	GucInit();
	FastPathInit();
	WorkerInit();
}
