// Settings of the embedded database, the same when it is made and when it is opened.

/** PostgreSQL's default of 128 MB would be resident twice over, for a database of a few thousand rows. */
export const PGLITE_SETTINGS = ['shared_buffers = 8MB'];
