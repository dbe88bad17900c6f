/* The budget of one resumable claim: responses that pay for slices ahead of sending, crash, lose answers, settle,
 * and go on unpaid when the ledger is away; and a ledger that loses its tail and begins a new life. The burn
 * itself is model/burn.pml's; here the copy's record exists already. A slice is one unit of bytes. Checked
 * by `npm run model`, like the variants without each safeguard (-D…).
 */
#ifndef RESPONSES
#define RESPONSES 3
#endif
#define SIZE 2           /* what each response is asked for: the whole file */
#define BUDGET 3         /* the file and an allowance of one slice */

/* ---- The copy's record in the ledger: lua/burn.lua, pay.lua, settle.lua. Each is one step. ---- */
byte spent;              /* paid for and not given back */
byte open;               /* responses under way */
byte stored_spent;       /* what a restart would find */
bool reborn;             /* the ledger is in another life than the claim's */

/* ---- What has happened ---- */
byte paid_bytes;         /* sent, each paid for before */
byte unpaid;             /* responses that have gone on unpaid and have not been charged */

#ifdef NO_FENCE
#define SAME_LIFE true
#else
#define SAME_LIFE (!reborn)
#endif
#ifdef NO_LIMIT
#define LEFT true
#else
#define LEFT (spent < BUDGET)
#endif
#ifdef NO_ALONE
#define MAY_GO_ON true
#else
#define MAY_GO_ON alone
#endif
inline take_slice() { spent++; paid++; alone = (open == 1) }

inline send_paid() {
  sent++; paid_bytes++;
  assert(paid_bytes <= BUDGET)
}

proctype response() {
  byte paid, sent;
  bool alone, on_credit, ended;

  /* Opened when the whole of it may still be had. */
  if
  :: d_step { SAME_LIFE && spent + SIZE <= BUDGET -> open++; take_slice() }
  :: goto end            /* refused, or never asked */
  fi;

  do
  :: d_step { sent < SIZE && sent < paid && !on_credit -> send_paid() }
#ifdef SEND_FIRST        /* and pays afterwards */
  :: d_step { sent < SIZE && sent == paid && !on_credit -> send_paid() }
#endif
  /* Pays for the next, and hears of it. */
  :: d_step { !on_credit && !ended && paid == sent && paid < SIZE && SAME_LIFE && LEFT -> take_slice() }
  /* Pays, and the answer is lost: the slice is lost too. Then, or when nothing answers, it goes on unpaid if
     it may, and otherwise ends. */
  :: d_step { !on_credit && !ended && paid == sent && paid < SIZE ->
       if
       :: SAME_LIFE && LEFT -> spent++
       :: true
       fi;
       if
       :: MAY_GO_ON -> on_credit = true; unpaid++; assert(unpaid <= 1)
       :: else -> ended = true
       fi }
  :: ended -> goto settle
  :: d_step { on_credit && sent < SIZE -> sent++ }
  :: goto settle         /* at its end, or the client has left */
  :: goto end            /* the server crashed: nothing is settled */
  od;

settle:
  skip;
  d_step {
    if
    :: SAME_LIFE ->
       spent = spent - paid + sent;
#ifdef REFUNDS_ALL
       spent = (spent > sent -> spent - sent : 0);
#endif
       open--;
       if
       :: on_credit -> unpaid--
       :: else
       fi
    :: else
    fi;
    paid = 0; sent = 0; alone = false; on_credit = false; ended = false
  }
end:
  skip
}

/* A snapshot now and then, and at most one restart from it. */
proctype ledger() {
  do
  :: d_step { stored_spent != spent && !reborn -> stored_spent = spent }
  :: d_step { !reborn -> spent = stored_spent; reborn = true }
  :: break
  od
}

init {
  byte i;
  atomic {
    run ledger();
    for (i : 1 .. RESPONSES) { run response() }
  }
}
