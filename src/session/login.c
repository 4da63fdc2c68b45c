/* SPDX-License-Identifier: Apache-2.0 */
#include "session/login.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "session/handle.h"
#include "session/module.h"
#include "session/session.h"

struct cfr_pinkdf_cost cfr_login_cost(void)
{
    return (struct cfr_pinkdf_cost){
        .memory_kib = cfr_module.config.number[CFR_OPT_KDF_MEMORY],
        .passes = cfr_module.config.number[CFR_OPT_KDF_PASSES],
    };
}

/* Octets that a UTF-8 sequence with this first octet has; 0: no such first octet (RFC 3629). */
static size_t utf8_len(uint8_t first)
{
    return first < 0x80                     ? 1
           : first >= 0xc2 && first <= 0xdf ? 2
           : first >= 0xe0 && first <= 0xef ? 3
           : first >= 0xf0 && first <= 0xf4 ? 4
                                            : 0;
}

static bool is_utf8(struct cfr_span text)
{
    while (text.len != 0) {
        size_t len = utf8_len(text.ptr[0]);

        if (len == 0 || len > text.len) {
            return false;
        }
        for (size_t i = 1; i < len; i++) {
            if ((text.ptr[i] & 0xc0) != 0x80) {
                return false;
            }
        }
        text = cfr_span_after(text, len);
    }
    return true;
}

CK_RV cfr_login_check_new_pin(struct cfr_span pin, uint32_t min_len, uint32_t max_len)
{
    if (pin.len < min_len || pin.len > max_len) {
        return cfr_fail(CKR_PIN_LEN_RANGE, "the PIN is not %u to %u octets long", min_len, max_len);
    }
    FAIL_UNLESS(is_utf8(pin), CKR_PIN_INVALID);
    return CKR_OK;
}

/* A change of one keyslot in a transaction. */
struct slot_change {
    const struct cfr_space *space;
    struct cfr_keyslot slot; /* in: the principal, and what @c apply sets; out: as written */
    CK_RV (*apply)(struct slot_change *change);
    bool is_new;                        /* there need not be a slot yet */
    bool is_visible;                    /* other processes' logins are concerned */
    uint32_t limit;                     /* attempts */
    const struct cfr_keyslot *expected; /* NULL, or what the slot must still be but for its attempts */
    struct cfr_token *token;            /* with @c login: the login that goes on under the new PIN, or NULL */
    struct cfr_login *login;
};

/*
 * Say which epoch the slot is about to have, so that a refresh in another thread does not end the login for
 * it.
 */
static void announce_epoch(const struct slot_change *change)
{
    if (change->login != NULL) {
        AUTO(hold) hold = cfr_hold_take(&change->token->lock);

        change->login->next_slot_epoch = change->slot.epoch;
    }
}

static CK_RV write_slot(struct cfr_changes *changes, const struct slot_change *change, uint32_t revision)
{
    struct cfr_record_key key = cfr_key_of_principal(change->space->number, change->slot.principal);
    struct cfr_seal_header header = {.revision = revision};
    AUTO(buf) text = CFR_BUF(1024);

    cfr_keyslot_encode(&change->slot, &text);
    TRY(cfr_buf_check(&text));
    return cfr_changes_put_sealed(changes, &key, cfr_master_records(change->space->master), &header,
                                  cfr_buf_view(&text));
}

static CK_RV change_slot_body(struct cfr_store_txn *txn, void *arg)
{
    struct slot_change *change = arg;
    struct cfr_keyslot current = {.principal = change->slot.principal};
    struct cfr_changes changes;
    uint32_t revision = 0;
    CK_RV rv;

    TRY(cfr_changes_begin(&change->space->catalogue, txn, &changes));
    rv = cfr_token_read_keyslot(change->space, txn, current.principal, &current, &revision);
    if (rv != CKR_OK && !(rv == CKR_USER_PIN_NOT_INITIALIZED && change->is_new)) {
        return rv;
    }
    /* Somebody else has set another PIN while this one was being tried. */
    FAIL_UNLESS(change->expected == NULL || change->expected->epoch == current.epoch, CKR_PIN_INCORRECT);
    if (!change->is_new) {
        change->slot = current;
    } else {
        /* A new PIN was made from an older slot: its epoch must lie beyond the current one. */
        change->slot.epoch = current.epoch >= change->slot.epoch ? current.epoch + 1 : change->slot.epoch;
    }
    if (change->apply != NULL) {
        TRY(change->apply(change));
    }
    TRY(write_slot(&changes, change, revision + 1));
    announce_epoch(change);
    return cfr_changes_finish(&changes, change->is_visible);
}

static CK_RV change_slot(struct slot_change *change)
{
    return cfr_store_run(change->space->store, change_slot_body, change);
}

static CK_RV count_attempt(struct slot_change *change)
{
    FAIL_UNLESS(change->slot.has_pin, CKR_USER_PIN_NOT_INITIALIZED);
    FAIL_UNLESS(change->slot.attempts < change->limit, CKR_PIN_LOCKED);
    change->slot.attempts++;
    return CKR_OK;
}

static CK_RV clear_attempts(struct slot_change *change)
{
    change->slot.attempts = 0;
    return CKR_OK;
}

static CK_RV take_attempt_back(struct slot_change *change)
{
    change->slot.attempts -= change->slot.attempts != 0;
    return CKR_OK;
}

CK_RV cfr_login_try(struct cfr_token *token, const struct cfr_access *access, uint32_t principal,
                    struct cfr_span pin, struct cfr_opened_slot *ret_opened)
{
    struct slot_change counted = {.space = access->view.space,
                                  .slot.principal = principal,
                                  .apply = count_attempt,
                                  .limit = access->record.pin_attempts};
    struct slot_change cleared = {.space = access->view.space,
                                  .slot.principal = principal,
                                  .apply = clear_attempts,
                                  .expected = &counted.slot};
    AUTO(secret) *copy = NULL;
    AUTO(secret) *space_key = NULL;
    CK_RV rv;

    TRY(cfr_secret_from(pin, &copy));
    TRY(change_slot(&counted));
    rv = cfr_keyslot_open(access->view.space->master, access->view.space->number, &counted.slot,
                          cfr_secret_view(copy), &space_key);
    if (rv == CKR_PIN_INCORRECT) {
        cfr_log(CFR_LOG_WARN, "slot %lu: wrong %s PIN, attempt %u of %u", token->id,
                principal == CFR_PRINCIPAL_SO ? "SO" : "user", counted.slot.attempts, counted.limit);
    } else if (rv != CKR_OK) {
        /* The PIN was not tried, and nobody has learnt anything: want of memory must not lock it. */
        cleared.apply = take_attempt_back;
        (void)change_slot(&cleared);
    }
    TRY(rv);
    TRY(change_slot(&cleared));
    ret_opened->slot = cleared.slot;
    ret_opened->space_key = MOVE(space_key);
    return CKR_OK;
}

/* Whether another login is in the way. Under the token's lock. */
static CK_RV check_may_login_locked(struct cfr_token *token, enum cfr_user user)
{
    FAIL_UNLESS(token->is_initialized, CKR_TOKEN_NOT_INITIALIZED);
    if (token->login != NULL) {
        return token->login->user == user
                   ? cfr_fail(CKR_USER_ALREADY_LOGGED_IN, "already logged in")
                   : cfr_fail(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "another user is logged in");
    }
    if (user == CFR_USER_SO && token->ro_sessions != 0) {
        return cfr_fail(CKR_SESSION_READ_ONLY_EXISTS, "read-only sessions are open");
    }
    FAIL_UNLESS(atomic_load(&token->epoch) + 1 < CFR_HANDLE_LOGIN_MAX, CKR_GENERAL_ERROR);
    return CKR_OK;
}

static CK_RV check_may_login(struct cfr_token *token, enum cfr_user user)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    return check_may_login_locked(token, user);
}

static CK_RV make_login(const struct cfr_space *space, enum cfr_user user, struct cfr_opened_slot *opened,
                        struct cfr_login **ret_login)
{
    AUTO(login) *login = cfr_alloc(sizeof(*login));

    FAIL_UNLESS(login != NULL, CKR_HOST_MEMORY);
    atomic_store_explicit(&login->shares, 1, memory_order_relaxed);
    login->user = user;
    login->slot_epoch = opened->slot.epoch;
    login->next_slot_epoch = opened->slot.epoch;
    login->space_key = cfr_secret_share(opened->space_key);
    if (user == CFR_USER_NORMAL) {
        TRY(cfr_space_unlock(space, opened->space_key, &login->half));
    }
    *ret_login = MOVE(login);
    return CKR_OK;
}

static CK_RV install(struct cfr_token *token, const struct cfr_access *access, struct cfr_login *login)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    TRY(check_may_login_locked(token, login->user));
    /* The token began a new life while the PIN was being tried. */
    FAIL_UNLESS(token->open == access->open, CKR_PIN_INCORRECT);
    token->login = cfr_login_share(login);
    atomic_fetch_add(&token->epoch, 1);
    atomic_fetch_add(&token->stamp, 1);
    return CKR_OK;
}

struct stamp_verified {
    const struct cfr_space *space;
};

static CK_RV stamp_verified_body(struct cfr_store_txn *txn, void *arg)
{
    const struct stamp_verified *stamp = arg;
    struct cfr_changes changes;

    TRY(cfr_changes_begin(&stamp->space->catalogue, txn, &changes));
    changes.generation.verified_at = cfr_clock_utc_s();
    return cfr_changes_finish(&changes, false);
}

/* A space too large to be verified whenever it is opened is verified by the first login of a day. */
static CK_RV verify_large(const struct cfr_space *space)
{
    struct stamp_verified stamp = {.space = space};
    AUTO(store_txn) *txn = NULL;
    struct cfr_generation generation;

    TRY(cfr_store_rv(space->store->ops->begin(space->store, CFR_STORE_READ, &txn), "begin"));
    TRY(cfr_catalogue_read(&space->catalogue, txn, &generation));
    if (generation.counters[CFR_COUNT_RECORDS] <= CFR_VERIFY_AT_OPEN_MAX ||
        cfr_clock_utc_s() - generation.verified_at < CFR_VERIFY_INTERVAL_S) {
        return CKR_OK;
    }
    TRY(cfr_catalogue_verify(&space->catalogue, txn, "UOX"));
    cfr_store_txn_dropp(&txn);
    txn = NULL;
    return cfr_store_run(space->store, stamp_verified_body, &stamp);
}

CK_RV cfr_login(struct cfr_token *token, enum cfr_user user, struct cfr_span pin)
{
    AUTO(hold) hold = cfr_hold_take(&token->login_lock);
    AUTO(access) access = {0};
    AUTO(login) *login = NULL;
    struct cfr_opened_slot opened = {0};
    CK_RV rv;

    TRY(cfr_token_refresh(token));
    TRY(check_may_login(token, user));
    TRY(cfr_token_access(token, &access));
    TRY(cfr_login_try(token, &access, user == CFR_USER_SO ? CFR_PRINCIPAL_SO : CFR_PRINCIPAL_USER, pin,
                      &opened));
    rv = make_login(access.view.space, user, &opened, &login);
    cfr_secret_drop(opened.space_key);
    TRY(rv);
    TRY(verify_large(access.view.space));
    return install(token, &access, login);
}

CK_RV cfr_login_context(struct cfr_session *session, struct cfr_span pin)
{
    struct cfr_operation *operation = cfr_operation_awaiting_login(session);
    struct cfr_token *token = session->token;
    struct cfr_opened_slot opened = {0};
    AUTO(access) access = {0};
    CK_RV rv;

    FAIL_UNLESS(operation != NULL, CKR_OPERATION_NOT_INITIALIZED);
    TRY(cfr_token_refresh(token));
    TRY(cfr_token_access(token, &access));
    FAIL_UNLESS(access.login != NULL, CKR_USER_NOT_LOGGED_IN);

    AUTO(hold) hold = cfr_hold_take(&token->login_lock);

    rv = cfr_login_try(token, &access,
                       access.login->user == CFR_USER_SO ? CFR_PRINCIPAL_SO : CFR_PRINCIPAL_USER, pin,
                       &opened);
    cfr_secret_drop(opened.space_key);
    if (rv == CKR_PIN_LOCKED) {
        /* PKCS#11 4.9: too many failed re-authentications also log the user out. */
        AUTO(hold) token_hold = cfr_hold_take(&token->lock);

        cfr_token_logout_locked(token);
    }
    TRY(rv);
    operation->wants_login = false;
    return CKR_OK;
}

CK_RV cfr_logout(struct cfr_token *token)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    FAIL_UNLESS(token->login != NULL, CKR_USER_NOT_LOGGED_IN);
    cfr_token_logout_locked(token);
    return CKR_OK;
}

/* Whether a login is one under this principal's keyslot. */
static bool is_login_of(const struct cfr_login *login, uint32_t principal)
{
    return login != NULL && (login->user == CFR_USER_SO) == (principal == CFR_PRINCIPAL_SO);
}

/* Write a PIN into a keyslot; a login of this process under it goes on. */
static CK_RV write_pin(struct cfr_token *token, const struct cfr_access *access, uint32_t principal,
                       struct cfr_span pin, struct cfr_secret *space_key, const struct cfr_keyslot *expected)
{
    struct slot_change change = {
        .space = access->view.space,
        .slot = {.principal = principal, .epoch = expected == NULL ? 0 : expected->epoch},
        .is_new = true,
        .is_visible = true,
        .expected = expected,
        .token = token,
        .login = is_login_of(access->login, principal) ? access->login : NULL,
    };
    AUTO(secret) *copy = NULL;
    struct cfr_pinkdf_cost cost = cfr_login_cost();
    CK_RV rv;

    TRY(cfr_secret_from(pin, &copy));
    TRY(cfr_keyslot_set_pin(access->view.space->master, access->view.space->number, cfr_secret_view(copy),
                            &cost, space_key, &change.slot));
    rv = change_slot(&change);
    if (change.login != NULL) {
        AUTO(hold) hold = cfr_hold_take(&token->lock);

        if (rv == CKR_OK) {
            change.login->slot_epoch = change.slot.epoch;
        }
        change.login->next_slot_epoch = change.login->slot_epoch;
    }
    return rv;
}

CK_RV cfr_login_init_pin(struct cfr_token *token, struct cfr_span pin)
{
    AUTO(hold) hold = cfr_hold_take(&token->login_lock);
    AUTO(access) access = {0};

    TRY(cfr_token_refresh(token));
    TRY_MAP(cfr_token_access(token, &access), CKR_TOKEN_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN);
    FAIL_UNLESS(access.login != NULL && access.login->user == CFR_USER_SO, CKR_USER_NOT_LOGGED_IN);
    TRY(cfr_login_check_new_pin(pin, access.record.pin_min_len, access.record.pin_max_len));
    return write_pin(token, &access, CFR_PRINCIPAL_USER, pin, access.login->space_key, NULL);
}

CK_RV cfr_login_set_pin(struct cfr_token *token, struct cfr_span old_pin, struct cfr_span new_pin)
{
    AUTO(hold) hold = cfr_hold_take(&token->login_lock);
    AUTO(access) access = {0};
    AUTO(secret) *space_key = NULL;
    struct cfr_opened_slot opened = {0};
    uint32_t principal;

    TRY(cfr_token_refresh(token));
    TRY(cfr_token_access(token, &access));
    principal =
        access.login != NULL && access.login->user == CFR_USER_SO ? CFR_PRINCIPAL_SO : CFR_PRINCIPAL_USER;
    TRY(cfr_login_check_new_pin(new_pin, access.record.pin_min_len, access.record.pin_max_len));
    /* Only C_Login may say that there is no PIN yet; without one, none is the right one. */
    TRY_MAP(cfr_login_try(token, &access, principal, old_pin, &opened), CKR_USER_PIN_NOT_INITIALIZED,
            CKR_PIN_INCORRECT);
    space_key = MOVE(opened.space_key);
    return write_pin(token, &access, principal, new_pin, space_key, &opened.slot);
}
