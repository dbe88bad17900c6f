// Loaded before the download server's executable: makes libsodium's binding impossible to find, as on a
// platform it has no binary for, whichever way it is asked for. What is measured is then the fallback.
import { Module, register } from 'node:module';

const hooks = `export async function resolve(specifier, context, next) {
  if (specifier === 'sodium-native') {
    throw Object.assign(new Error('taken away for the bench'), { code: 'ERR_MODULE_NOT_FOUND' });
  }
  return await next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

// The loader of CommonJS has no other place to put a hook.
/* oxlint-disable no-underscore-dangle */
const cjs = /** @type {{ _resolveFilename: (request: string, ...rest: unknown[]) => string }} */ (
  /** @type {unknown} */ (Module)
);
const resolveFilename = cjs._resolveFilename;
cjs._resolveFilename = (request, ...rest) => {
  if (request === 'sodium-native') {
    throw Object.assign(new Error('taken away for the bench'), { code: 'MODULE_NOT_FOUND' });
  }
  return resolveFilename.call(Module, request, ...rest);
};
