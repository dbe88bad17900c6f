// Removes all compiled output.
import { removeCompiled } from './prepare.mjs';

removeCompiled();
