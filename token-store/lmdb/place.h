/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder a store lives in and the three files in it: who may write there, of what kind they are, and that
 * they are on the disk. Knows nothing of LMDB. Every refusal is logged with the path and the reason.
 */
#ifndef CFR_LMDB_PLACE_H
#define CFR_LMDB_PLACE_H

#include "token-store/store.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#define CFR_PLACE_DATA_FILE  "coffer.mdb"
#define CFR_PLACE_LOCK_FILE  "coffer.mdb-lock" /* the name LMDB makes of the data file's */
#define CFR_PLACE_GUARD_FILE "guard"

/** An open folder. */
struct cfr_place {
    const char *path; /**< borrowed */
    int fd;
    struct stat info;
    mode_t file_mode; /**< 0660 where the folder is group-writable, else 0600 */
    bool is_made;     /**< it did not exist before */
};

/**
 * Open the folder, made with mode 0700 when only its parent exists. Refused: a symbolic link; a folder that
 * others may write in (unless it is sticky and ours); one in a parent that others may write in (unless
 * sticky); and, unless @p allow_remote_fs, a file system that is not known to be local, because LMDB's shared
 * map and locks do not work on NFS, SMB and FUSE.
 *
 * @return OK, UNAVAIL, FULL
 */
enum cfr_store_status cfr_place_open(const char *path, bool allow_remote_fs, struct cfr_place *ret_place);

/** Close it. */
void cfr_place_close(struct cfr_place *place);

/**
 * Open a file of the folder for reading and writing, made when missing. Refused: a symbolic link, anything
 * but a regular file, a file that others may write and whose mode is not ours to mend.
 *
 * @param[out] ret_info  as fstat(2) had it
 * @return OK, UNAVAIL, FULL
 */
enum cfr_store_status cfr_place_open_file(const struct cfr_place *place, const char *name, int *ret_fd,
                                          struct stat *ret_info);

/**
 * Make new files and a new folder survive the death of the machine. @p fd is one of the files. OK, UNAVAIL.
 */
enum cfr_store_status cfr_place_sync(const struct cfr_place *place, int fd);

/** Whether @p magic, as statfs(2) has it, is a local file system with coherent maps and record locks. */
bool cfr_place_fs_is_local(unsigned long magic);

/** FULL when @p error says that the device, quota or file size limit is exhausted, else UNAVAIL. */
enum cfr_store_status cfr_place_status(int error);

#endif
