/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/lmdb/change.h"

#include "base/alloc.h"

enum { READS_FIRST_ROOM = 16 };

struct cfr_change *cfr_change_new(void)
{
    return cfr_alloc(sizeof(struct cfr_change));
}

void cfr_change_drop(struct cfr_change *change)
{
    if (change == NULL) {
        return;
    }
    for (size_t i = 0; i < change->read_count; i++) {
        cfr_free(change->reads[i]);
    }
    for (size_t i = 0; i < change->write_count; i++) {
        cfr_free(change->writes[i]);
    }
    cfr_free(change->reads);
    cfr_free(change);
}

static bool reads_grow(struct cfr_change *change)
{
    size_t room = change->read_room == 0 ? READS_FIRST_ROOM : change->read_room * 2;
    struct cfr_change_read **reads = cfr_alloc_array(room, sizeof(struct cfr_change_read *));

    if (reads == NULL) {
        return false;
    }
    cfr_copy(reads, change->reads, change->read_count * sizeof(struct cfr_change_read *));
    cfr_free(change->reads);
    change->reads = reads;
    change->read_room = room;
    return true;
}

enum cfr_store_status cfr_change_note_read(struct cfr_change *change, struct cfr_span key, uint64_t revision)
{
    struct cfr_change_read *read;

    if (change->read_count == change->read_room && !reads_grow(change)) {
        return CFR_STORE_UNAVAIL;
    }
    read = cfr_alloc(sizeof(*read) + key.len);
    if (read == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    read->revision = revision;
    read->key_len = key.len;
    cfr_copy(read->key, key.ptr, key.len);
    change->reads[change->read_count++] = read;
    return CFR_STORE_OK;
}

size_t cfr_change_seek(const struct cfr_change *change, struct cfr_span key)
{
    size_t low = 0;
    size_t high = change->write_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (cfr_span_compare(cfr_change_write_key(change->writes[middle]), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct cfr_change *change, size_t at, struct cfr_span key)
{
    return at < change->write_count && cfr_span_equal(cfr_change_write_key(change->writes[at]), key);
}

const struct cfr_change_write *cfr_change_find(const struct cfr_change *change, struct cfr_span key)
{
    size_t at = cfr_change_seek(change, key);

    return is_at(change, at, key) ? change->writes[at] : NULL;
}

static struct cfr_change_write *write_new(struct cfr_span key, struct cfr_span value, bool is_removal)
{
    struct cfr_change_write *write = cfr_alloc(sizeof(*write) + key.len + value.len);

    if (write != NULL) {
        write->is_removal = is_removal;
        write->key_len = key.len;
        write->value_len = value.len;
        cfr_copy(write->octets, key.ptr, key.len);
        cfr_copy(write->octets + key.len, value.ptr, value.len);
    }
    return write;
}

enum cfr_store_status cfr_change_add_write(struct cfr_change *change, struct cfr_span key,
                                           struct cfr_span value, bool is_removal)
{
    size_t at = cfr_change_seek(change, key);
    bool is_new = !is_at(change, at, key);
    size_t len = change->write_len + key.len + value.len;
    struct cfr_change_write *write;

    if (!is_new) {
        len -= key.len + change->writes[at]->value_len;
    }
    if (key.len == 0 || key.len > CFR_STORE_KEY_MAX_LEN || value.len > CFR_STORE_VALUE_MAX_LEN ||
        (is_new && change->write_count == CFR_STORE_WRITES_MAX) || len > CFR_STORE_COMMIT_MAX_LEN) {
        return CFR_STORE_LIMIT;
    }
    write = write_new(key, value, is_removal);
    if (write == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    if (is_new) {
        for (size_t i = change->write_count; i > at; i--) {
            change->writes[i] = change->writes[i - 1];
        }
        change->write_count++;
    } else {
        cfr_free(change->writes[at]);
    }
    change->writes[at] = write;
    change->write_len = len;
    return CFR_STORE_OK;
}
