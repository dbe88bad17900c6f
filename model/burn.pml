/* The protocol of one claim: minted once, tried by several download servers, on a ledger of two nodes
 * that crash, forget, lag, are promoted, demoted, flushed and split in two. One claim is enough: claims
 * share nothing but the fence. Checked exhaustively by `npm run model`; scripts/model.mjs holds the list
 * of broken variants, each of which takes one line of the protocol away (-D…) and must be caught.
 *
 * A number that nothing else holds stands for every random value (run_id, replication id, epoch): two
 * random values that are equal by chance are not modelled. The claim's fence is here the pair of epoch and
 * replication id that lua/fence.lua binds together: a claim's fence is drawn for one replication id.
 */

/* ---- Bounds of the search. Every order of the steps below is tried within them. ---- */
#ifndef FAULTS
#define FAULTS 3         /* crashes, promotions, demotions and flushes, together */
#endif
#define NODES 2
/* Attempts at the claim, each by a download server of its own. Two are enough: an attempt that does not
   burn changes nothing, and the first two that burn already break the promise. */
#define ATTEMPTS 2

/* ---- Times, in ticks. In seconds they are in packages/shared/src/claim/limits.ts. The caller of a burn
   gives up with the tick in which it asked. ---- */
#define EXP 0            /* the claim's exp */
#define TOLERANCE 1      /* CLOCK_TOLERANCE_SECONDS: between any verifier's clock and the ledger's */
#ifdef NO_MARGIN
#define MARGIN 0
#else
#define MARGIN 3         /* BURN_MARGIN_SECONDS */
#endif
#define STEP_BACK 1      /* how far the ledger's clock may be set back: less than MARGIN - TOLERANCE */
#define FORGET_AT (EXP + TOLERANCE + MARGIN)
#define CLOCK_END FORGET_AT   /* from then on no instant differs from another */
#ifdef SHORT_MARKER
#define MARKER_END EXP   /* the marker lives until exp, and the tolerance is forgotten */
#else
#define MARKER_END FORGET_AT
#endif

/* ---- The ledger ---- */
typedef Data {
  byte epoch;            /* 0: none yet, or flushed away */
  bool burned;           /* the marker of the claim's nonce */
  bool revoked           /* the mark of a subject the claim hangs from */
};
typedef Node {
  bool up;
  bool master;
  byte run_id;           /* of the process; no longer part of the fence, see WITH_RUN_ID */
  byte replid;
  Data data;             /* in memory: what decisions are made on */
  Data disk              /* what a restart finds; some earlier state, or for ever nothing (no AOF) */
};
Node node[NODES];
byte clock;              /* the ledger's clock */
byte faults;

/* ---- The claim ---- */
bool minted;
bool issued_after_revocation;
byte fen_run_id, fen_replid, fen_epoch;

/* ---- What the world may do, chosen once an execution. Both are promised for. ---- */
bool clocks_agree;       /* yes: verifiers within TOLERANCE, and the ledger's clock may be set back.
                            no: verifiers' clocks are wrong in any way, the ledger's is never set back */
bool may_split;          /* two masters at once */
bool stepped_back;

/* ---- What happened ---- */
byte burns, served;
bool revocation_acknowledged;

#define OTHER(n) (1 - (n))
#define IS_MASTER(n) (node[n].up && node[n].master)

inline copy_data(to, from) {
  to.epoch = from.epoch; to.burned = from.burned; to.revoked = from.revoked
}
inline clear_data(to) { to.epoch = 0; to.burned = false; to.revoked = false }

/* Random draws. All that is ever asked of such a value is whether it is the claim's; so once the claim
   holds one, every other is one number, and before that a value nobody has read may be drawn again. */
#define RUN_IDS(n) (2 * n + 1)      /* of node n: this and the next */
inline draw_run_id(n) {
  node[n].run_id = (fen_run_id == RUN_IDS(n) -> RUN_IDS(n) + 1 : RUN_IDS(n))
}
inline draw_replid(n) {
  if
  :: fen_replid != 0 -> node[n].replid = 3 - fen_replid
  :: else -> node[n].replid = (node[OTHER(n)].replid == 1 -> 2 : 1)
  fi
}
#define FIRST_EPOCH 1
#define NEW_EPOCH 2                 /* drawn by the one mint there is, if at all */

/* A marker is gone at MARKER_END, by the clock of the ledger. */
inline expire_marker(n) {
  if
  :: node[n].data.burned && clock >= MARKER_END -> node[n].data.burned = false
  :: else
  fi
}

#ifdef NO_FENCE
#define SAME_LIFE(n) true
#else
#ifdef WITH_RUN_ID
#define SAME_RUN(n) (fen_run_id == node[n].run_id)
#else
#define SAME_RUN(n) true
#endif
#ifdef NO_REPLID
#define SAME_REPLID(n) true
#else
#define SAME_REPLID(n) (fen_replid == node[n].replid)
#endif
#ifdef NO_EPOCH
#define SAME_EPOCH(n) true
#else
#define SAME_EPOCH(n) (fen_epoch == node[n].data.epoch)
#endif
#define SAME_LIFE(n) (SAME_RUN(n) && SAME_REPLID(n) && SAME_EPOCH(n))
#endif

#ifdef NO_DEADLINE
#define IN_TIME(deadline) true
#else
#define IN_TIME(deadline) (clock <= deadline)
#endif
#ifdef NO_NX
#define NEVER_BURNED(n) true
#elif defined(TWO_STEPS)
#define NEVER_BURNED(n) looked_free
#else
#define NEVER_BURNED(n) (!node[n].data.burned)
#endif
#ifdef NO_EXPIRY_CHECK
#define REMEMBERED true
#else
#define REMEMBERED (clock < FORGET_AT)
#endif
#ifdef NO_REVOCATION_CHECK
#define NOT_REVOKED(n) true
#else
#define NOT_REVOKED(n) (!node[n].data.revoked || issued_after_revocation)
#endif

/* lua/burn.lua. A replica cannot write, so it cannot burn. */
#define MAY_BURN(n, deadline) (node[n].master && IN_TIME(deadline) && SAME_LIFE(n) && \
  NEVER_BURNED(n) && REMEMBERED && NOT_REVOKED(n))

inline mark_burned(n, deadline) {
  node[n].data.burned = true;
  burns++;
  assert(burns <= 1);
  /* A caller that gave up may try again: nothing of its first try may still be on its way. (A clock
     that is set back in between can cost the claim, never burn it twice.) */
  assert(clock <= deadline || clocks_agree);
  /* With two masters a revocation reaches one of them: see docs/guarantee.md. */
  assert(!revocation_acknowledged || issued_after_revocation || may_split)
}

/* ---- The app server: reads the fence from whatever master it reaches, then the permission. ---- */
inline read_fence(n) {
  if
  :: node[n].data.epoch == 0 -> node[n].data.epoch = NEW_EPOCH
  :: else
  fi;
  fen_run_id = node[n].run_id; fen_replid = node[n].replid; fen_epoch = node[n].data.epoch
}
inline read_permission() { issued_after_revocation = revocation_acknowledged }

proctype app_server() {
#ifdef PERMISSION_FIRST
  read_permission();
#endif
  if
  :: d_step { IS_MASTER(0) -> read_fence(0) }
  :: d_step { IS_MASTER(1) -> read_fence(1) }
  fi;
#ifdef PERMISSION_FIRST
  minted = true
#else
  d_step { read_permission(); minted = true }
#endif
}

/* Someone signs out, or revokes: one mark on whatever master is reached, acknowledged if written. */
proctype revoker() {
  if
  :: d_step { IS_MASTER(0) -> node[0].data.revoked = true; revocation_acknowledged = true }
  :: d_step { IS_MASTER(1) -> node[1].data.revoked = true; revocation_acknowledged = true }
  :: true                      /* nobody revokes */
  fi
}

/* ---- A download server: verify, send the burn, and serve if the answer comes and says burned. ---- */

/* The slowest clock that is allowed accepts the claim longest. */
#define VERIFIES (!clocks_agree || clock <= EXP + TOLERANCE + TOLERANCE)

/* The script runs on n: one step, since Redis runs one script at a time. */
inline burn(n) {
  d_step {
    node[n].up -> expire_marker(n); may_burn = MAY_BURN(n, deadline);
    if
    :: may_burn -> mark_burned(n, deadline)
    :: else
    fi
  };
  if
  :: may_burn
  :: else -> goto refused
  fi
}

byte sent;               /* attempts under way; they are alike, so the first is the first to be sent */

proctype download_server(byte number) {
  byte deadline;
  bool may_burn;
#ifdef TWO_STEPS
  bool looked_free;      /* asked first, in a command of its own */
#endif

  d_step { minted && sent == number && VERIFIES -> sent++; deadline = clock };
  /* The request now lies in a socket for as long as it pleases (a slow network, a stopped server) and
     reaches either node, in whatever life that is by then. */
#ifdef TWO_STEPS
  if
  :: d_step { node[0].up -> looked_free = !node[0].data.burned }
  :: d_step { node[1].up -> looked_free = !node[1].data.burned }
  fi;
#endif
  atomic {
    if
    :: burn(0)
    :: burn(1)
    fi;
    /* Burned. When the answer is lost, or late, nothing is served and nothing is tried again. */
    if
    :: served++; assert(served <= 1)
    :: true
    fi;
    goto done;
refused:
#ifdef FAIL_OPEN
    /* The answer is lost, and the server says "most likely it was burned". */
    served++; assert(served <= 1);
#endif
done:
    deadline = 0; may_burn = false
  }
}

/* ---- Everything that can go wrong, and time. ---- */
inline promote(n) { node[n].master = true; draw_replid(n) }

/* A new process: new run_id, new replication id, and whatever the disk held. */
inline restart(n) {
  node[n].up = true;
  draw_run_id(n);
#ifndef RESTART_KEEPS_REPLID
  draw_replid(n);
#endif
  copy_data(node[n].data, node[n].disk);
  /* Without a split, whoever finds another master in office follows it. */
  if
  :: !may_split && IS_MASTER(OTHER(n)) -> node[n].master = false
  :: else
  fi
}

/* Memory is gone, and what it held matters no more. */
inline crash(n) {
  node[n].up = false;
  node[n].run_id = 0;
#ifndef RESTART_KEEPS_REPLID
  node[n].replid = 0;
#endif
  clear_data(node[n].data)
}

/* What happens to one node. Faults are counted; catching up and writing to disk are not. */
inline accident(n) {
  if
  :: d_step { faults < FAULTS && node[n].up -> crash(n); faults++ }
  :: d_step { !node[n].up -> restart(n) }
  :: d_step { faults < FAULTS && node[n].up && !node[n].master &&
              (may_split || !IS_MASTER(OTHER(n))) -> promote(n); faults++;
              /* Without a split, the old master comes back as a replica. */
              if
              :: !may_split -> node[OTHER(n)].master = false
              :: else
              fi }
  :: d_step { faults < FAULTS && IS_MASTER(n) && (!may_split || IS_MASTER(OTHER(n))) ->
              node[n].master = false; faults++ }
  :: d_step { faults < FAULTS && IS_MASTER(n) -> clear_data(node[n].data); faults++ }
  :: d_step { node[n].up && !node[n].master && IS_MASTER(OTHER(n)) ->
              copy_data(node[n].data, node[OTHER(n)].data);
              node[n].replid = node[OTHER(n)].replid }
  :: d_step { node[n].up -> copy_data(node[n].disk, node[n].data) }
  :: d_step { node[n].up && node[n].data.burned && clock >= MARKER_END -> node[n].data.burned = false }
  fi
}

proctype world() {
end:
  do
  :: accident(0)
  :: accident(1)
#ifndef REVOCATION
  :: clock < CLOCK_END -> clock++
  :: d_step { clocks_agree && !stepped_back && clock >= STEP_BACK ->
              clock = clock - STEP_BACK; stepped_back = true }
#endif
  od
}

init {
  byte i;
  atomic {
#ifdef REVOCATION
    if :: may_split = true :: may_split = false fi;
    run revoker();
#else
    if :: clocks_agree = true :: clocks_agree = false fi;
    may_split = true;
#endif
    for (i : 0 .. 1) {
      node[i].up = true; node[i].run_id = RUN_IDS(i); node[i].replid = 1;
      node[i].data.epoch = FIRST_EPOCH
    }
    node[0].master = true;
    run app_server();
    for (i : 1 .. ATTEMPTS) { run download_server(i - 1) }
    run world()
  }
}
