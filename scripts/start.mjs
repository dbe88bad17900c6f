// `npm start`: from a fresh clone to both services running in one process.
import { prepare } from './prepare.mjs';

prepare();
const { serveBoth } = await import('./serve-both.mjs');
await serveBoth(process.env);
