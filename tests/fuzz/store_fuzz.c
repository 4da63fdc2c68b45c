/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that are not as they were written: octets in the decoders; and a store whose records somebody
 * changes, before the module opens it or in use, without its keys or with them. Nothing breaks, and what was
 * changed without the keys is refused and never believed.
 *
 * Input: what to do; then octets for a decoder, or edits: kind, record, and what the kind needs.
 */
#include "fuzz/decoders.h"
#include "fuzz/input.h"
#include "fuzz/store_use.h"
#include "fuzz/world.h"
#include "object/persist.h"
#include "support/module_fixture.h"
#include "support/store_stand_in.h"
#include "token-store/keyslot.h"

enum { RECORDS_MAX = 128, EDITS_MAX = 8, OCTETS_MAX = 70000 };

/* Octets of the choice at the beginning. */
enum { DO_DECODE = 1, DO_WRITE = 2, DO_LATE = 4, DO_OTHER = 8 /* the second token */ };

enum edit {
    EDIT_FLIP,
    EDIT_CUT,
    EDIT_GROW,
    EDIT_REPLACE,
    EDIT_REMOVE,
    EDIT_COPY,
    EDIT_INSERT,
    EDIT_REPLAY,
    EDIT_FORGE,
    EDIT_COUNT
};

struct record {
    struct cfr_span key;
    struct cfr_span value;
};

/* The records that the store had at two times; their memory lives as long as the process. */
struct snapshot {
    struct record records[RECORDS_MAX];
    size_t count;
};

static struct snapshot now;
static struct snapshot before;

/* Keys of the store, as the rightful owner has them. */
static struct cfr_master *master;
static struct cfr_space *spaces[USE_TOKENS + 1];
static struct cfr_space_half private_halves[USE_TOKENS + 1];

static struct input late_input;
static enum use_trust trust;
static size_t secrets_in_use;

static bool note_record(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct snapshot *snapshot = arg;
    uint8_t *memory = malloc(key.len + value.len);

    ORACLE(snapshot->count < RECORDS_MAX);
    cfr_copy(memory, key.ptr, key.len);
    cfr_copy(memory + key.len, value.ptr, value.len);
    snapshot->records[snapshot->count++] =
        (struct record){cfr_span_of(memory, key.len), cfr_span_of(memory + key.len, value.len)};
    return true;
}

static void take_snapshot(struct snapshot *snapshot)
{
    struct cfr_store *store = stand_in_inner();
    struct cfr_store_txn *txn = NULL;

    ORACLE(store->ops->begin(store, CFR_STORE_READ, &txn) == CFR_STORE_OK);
    ORACLE(store->ops->range(txn, cfr_span_of(NULL, 0), cfr_span_of(NULL, 0), note_record, snapshot) ==
           CFR_STORE_OK);
    store->ops->abort(txn);
}

/* The value that a snapshot has under a key; NULL: it has none. */
static const struct record *find_record(const struct snapshot *snapshot, struct cfr_span key)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        if (cfr_span_equal(snapshot->records[i].key, key)) {
            return &snapshot->records[i];
        }
    }
    return NULL;
}

/* Behind the module's back. */
static void write_record(struct cfr_span key, struct cfr_span value, bool is_removal)
{
    struct cfr_store *store = stand_in_inner();
    struct cfr_store_txn *txn = NULL;

    if (key.len == 0) {
        return;
    }
    ORACLE(store->ops->begin(store, CFR_STORE_WRITE, &txn) == CFR_STORE_OK);
    ORACLE((is_removal ? store->ops->del(txn, key) : store->ops->put(txn, key, value)) == CFR_STORE_OK);
    ORACLE(store->ops->commit(txn) == CFR_STORE_OK);
}

/* Who seals a record; NULL for those that are not sealed. */
static struct cfr_sealer *sealer_of(struct cfr_span key)
{
    uint32_t space = key.len >= 5 ? cfr_load_be32(key.ptr + 1) : 0;

    switch (key.ptr[0]) {
    case 'T':
    case 'U':
    case 'G':
        return cfr_master_records(master);
    case 'O':
        ORACLE(space >= 1 && space <= USE_TOKENS);
        return cfr_object_number_is_private(key.ptr[12]) ? private_halves[space].sealer
                                                         : spaces[space]->public_half.sealer;
    default:
        return NULL;
    }
}

/* The text of the input's own, or the right one with an octet changed. */
static void read_text(struct input *input, struct cfr_span right, struct cfr_buf *text)
{
    struct cfr_span given;
    size_t at;

    if (input_u8(input) % 4 == 0) {
        given = input_long(input);
        cfr_buf_put(text, given);
        return;
    }
    cfr_buf_put(text, right);
    at = input_u16(input);
    if (right.len != 0) {
        text->ptr[at % right.len] ^= input_u8(input);
        at = input_u8(input);
        text->len -= at >= 0xc0 ? (at & 0x3f) % right.len : 0;
    }
}

/* A record as it could only come from somebody who has its key: what it says is arbitrary. */
static void forge(struct input *input, const struct record *record)
{
    struct cfr_sealer *sealer = sealer_of(record->key);
    struct cfr_seal_header header;
    AUTO(secret) *right = NULL;
    AUTO(buf) text = CFR_BUF(OCTETS_MAX);
    AUTO(buf) sealed = CFR_BUF(2 * OCTETS_MAX);

    if (sealer == NULL) {
        return;
    }
    trust = USE_FORGED;
    ORACLE(cfr_unseal(sealer, record->key, record->value, &header, &right) == CKR_OK);
    read_text(input, cfr_secret_view(right), &text);
    ORACLE(cfr_seal(sealer, record->key, &header, cfr_buf_view(&text), &sealed) == CKR_OK);
    write_record(record->key, cfr_buf_view(&sealed), false);
}

/* A record of the store with other octets. */
static void change_octets(struct input *input, enum edit kind, const struct record *record)
{
    AUTO(buf) value = CFR_BUF(2 * OCTETS_MAX);
    size_t at;

    if (kind == EDIT_REPLACE) {
        cfr_buf_put(&value, input_long(input));
    } else {
        cfr_buf_put(&value, record->value);
    }
    if (kind == EDIT_GROW) {
        cfr_buf_put(&value, input_counted(input));
    } else if (kind == EDIT_FLIP && value.len != 0) {
        at = input_u16(input);
        value.ptr[at % value.len] ^= input_u8(input);
    } else if (kind == EDIT_CUT && value.len != 0) {
        value.len = input_u16(input) % value.len;
    }
    write_record(record->key, cfr_buf_view(&value), false);
}

/* A key like that of a record, or any; what stands there is the record's value, or any. */
static void insert(struct input *input, const struct record *record)
{
    uint8_t choice = input_u8(input);
    uint8_t key[CFR_STORE_KEY_MAX_LEN];
    size_t len = record->key.len;
    struct cfr_span given;

    cfr_copy(key, record->key.ptr, len);
    if (choice % 2 == 0) {
        key[input_u8(input) % len] ^= input_u8(input);
    } else {
        given = input_octets(input, choice / 2);
        len = given.len;
        cfr_copy(key, given.ptr, len);
    }
    write_record(cfr_span_of(key, len), choice >= 0x80 ? input_counted(input) : record->value, false);
}

static void edit(struct input *input, bool *may_replay)
{
    enum edit kind = (enum edit)(input_u8(input) % EDIT_COUNT);
    const struct record *record = &now.records[input_u8(input) % now.count];
    const struct record *other;

    switch (kind) {
    case EDIT_REMOVE:
        write_record(record->key, record->value, true);
        break;
    case EDIT_COPY:
        other = &now.records[input_u8(input) % now.count];
        write_record(other->key, record->value, false);
        break;
    case EDIT_INSERT:
        insert(input, record);
        break;
    case EDIT_REPLAY:
        /* One: all records of a space together are an older copy, which nothing in the store detects. */
        other = find_record(&before, record->key);
        if (other != NULL && *may_replay) {
            write_record(other->key, other->value, false);
            *may_replay = false;
        }
        break;
    case EDIT_FORGE:
        forge(input, record);
        break;
    case EDIT_FLIP:
    case EDIT_CUT:
    case EDIT_GROW:
    case EDIT_REPLACE:
    case EDIT_COUNT:
        change_octets(input, kind, record);
        break;
    }
}

static void edit_all(struct input *input)
{
    bool may_replay = true;

    for (int edits = 0; edits < EDITS_MAX && input->left != 0; edits++) {
        edit(input, &may_replay);
    }
}

static void interfere(void)
{
    edit_all(&late_input);
}

static void abuse_store(struct input *input, uint8_t choice)
{
    bool is_late = (choice & DO_LATE) != 0;

    stand_in_restore();
    trust = is_late ? USE_FORGED : USE_CHANGED;
    if (is_late) {
        late_input = *input;
    } else {
        edit_all(input);
    }
    module_up();
    use_all(trust, (choice & DO_OTHER) != 0, (choice & DO_WRITE) != 0, is_late ? interfere : NULL);
    module_down();
    ORACLE(cfr_secret_in_use() == secrets_in_use);
}

/* The keys of the private objects are behind the user's PIN. */
static void unlock(uint32_t space)
{
    char pin[] = MODULE_USER_PIN;
    struct cfr_record_key key = cfr_key_of_principal(space, CFR_PRINCIPAL_USER);
    const struct record *record = find_record(&now, cfr_record_key_view(&key));
    struct cfr_seal_header header;
    struct cfr_keyslot slot;
    AUTO(secret) *text = NULL;
    AUTO(secret) *space_key = NULL;

    ORACLE(record != NULL);
    ORACLE(cfr_unseal(cfr_master_records(master), record->key, record->value, &header, &text) == CKR_OK);
    ORACLE(cfr_keyslot_decode(cfr_secret_view(text), CFR_PRINCIPAL_USER, &slot) == CKR_OK);
    ORACLE(cfr_keyslot_open(master, space, &slot, cfr_span_text(pin), &space_key) == CKR_OK);
    ORACLE(cfr_space_unlock(spaces[space], space_key, &private_halves[space]) == CKR_OK);
}

static void take_keys(void)
{
    ORACLE(cfr_master_open(stand_in_inner(), module_fixture_path("store/anchor"), &master) == CKR_OK);
    for (uint32_t space = 1; space <= USE_TOKENS; space++) {
        ORACLE(cfr_space_open(stand_in_inner(), master, space, &spaces[space]) == CKR_OK);
        unlock(space);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    world_up_bare();
    use_make();
    module_down();
    take_snapshot(&before);
    module_up();
    use_relabel();
    module_down();
    stand_in_save();
    take_snapshot(&now);
    take_keys();
    module_up();
    use_remember();
    module_down();
    /* Sealers keep what they need once used. */
    for (size_t i = 0; i < now.count; i++) {
        forge(&(struct input){0}, &now.records[i]);
    }
    secrets_in_use = cfr_secret_in_use();
    abuse_store(&(struct input){0}, DO_WRITE);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct input input = {octets, len};
    uint8_t choice = input_u8(&input);

    if ((choice & DO_DECODE) != 0) {
        decoders_feed(choice / 2, input_rest(&input));
    } else {
        abuse_store(&input, choice);
    }
    return 0;
}
