// Prints the OpenAPI document as it stands in the repository: with the origins of `npm start`.
import { describeWholeApi } from './join-descriptions.js';

const document = describeWholeApi({
  appOrigin: 'http://localhost:3000',
  downloadOrigin: 'http://localhost:3001',
});
process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
