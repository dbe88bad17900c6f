// Refused sign-ins are counted here before they are written into the trail, so that whoever tries without
// end fills no disk: a row an hour for each account and address.

export interface RefusedSignInTable {
  /** The full hour it began in. */
  hour: Date;
  /** `-` where no account was meant. */
  account_id: string;
  /** A block of addresses as the sign-in limits count them; `*` for all that came after many others. */
  address: string;
  times: number;
}

export interface RefusalCountTables {
  refused_sign_in: RefusedSignInTable;
}
