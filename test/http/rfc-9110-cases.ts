// What RFC 9110 says, as a table: a request, the section that decides, and the answer. The rows are put to
// the plan, to a running download server and to nginx; where nginx does otherwise, the row says what and why.

/** The representation of nearly all rows; its bytes are their own positions. */
export const CONTENT = '0123456789';
export const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';
const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT';
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT';

export interface Case {
  /** Of RFC 9110. */
  section: string;
  says: string;
  /** `GET` by default. */
  method?: 'HEAD';
  /** `ETAG` stands for the strong entity tag of the file. A list is a field that came twice. */
  asks: Readonly<Record<string, string | readonly string[]>>;
  /** `CONTENT` by default. */
  of?: 'an empty file';
  /** A resumable one by default. */
  claim?: 'strict';
  /** Status, and Content-Range when there is one. */
  gives: string;
  /** What nginx gives instead, and why we do not. `-` when there is nothing to compare with. */
  nginx?: [gives: string, because: string];
}

const MAY_IGNORE =
  '14.2 allows to ignore what is no ranges-specifier; a 416 would fail a client that could have had the file';
const NOT_ON_HEAD = '14.2: Range is defined for GET only';
const ONE_PART =
  '14.2 allows to ignore Range; tools that resume ask for one range at a time, and the framing of multipart would be bytes that no budget knows';
const TAG_DECIDES = '13.2.2: the tag decides alone where both are given';
const NO_CLAIM = 'nginx knows of no claims';

export const cases: readonly Case[] = [
  // One range.
  { section: '14.2', says: 'no Range', asks: {}, gives: '200' },
  range('14.1.2', 'the first byte', '0-0', '206 0-0/10'),
  range('14.1.2', 'some in the middle', '2-5', '206 2-5/10'),
  range('14.1.2', 'the last byte', '9-9', '206 9-9/10'),
  range('14.1.2', 'an open range is the rest', '4-', '206 4-9/10'),
  range('14.1.2', 'an open range from the start is a part that is all', '0-', '206 0-9/10'),
  range('14.1.2', 'a last position past the end is the end', '4-10', '206 4-9/10'),
  range('14.1.2', 'the last three bytes', '-3', '206 7-9/10'),
  range('14.1.2', 'a suffix longer than the file is the file', '-11', '206 0-9/10'),
  range('14.1.1', 'leading zeros', '002-0000005', '206 2-5/10'),
  range('14.1.2', 'a last position of 40 digits', `4-${'9'.repeat(40)}`, '206 4-9/10', [
    '416 */10',
    '14.1.2: recipients must prevent errors by integer overflow',
  ]),
  range('14.1.2', 'a suffix of 40 digits', `-${'9'.repeat(40)}`, '206 0-9/10', [
    '416 */10',
    '14.1.2: recipients must prevent errors by integer overflow',
  ]),
  asks('14.1', 'the unit in capitals', { Range: 'BYTES=2-5' }, '206 2-5/10'),
  range('5.6.1.2', 'empty list elements around one range', ', ,2-5 ,', '206 2-5/10', [
    '416 */10',
    '5.6.1.2: a recipient must ignore a reasonable number of empty elements',
  ]),
  range('5.6.1.2', 'space before the first element, as lists bear elsewhere', ' 2-5', '206 2-5/10'),

  // None that could be given.
  range('15.5.17', 'a first position at the end', '10-', '416 */10'),
  range('15.5.17', 'a range past the end', '10-20', '416 */10'),
  range('15.5.17', 'a first position of 40 digits', `${'9'.repeat(40)}-`, '416 */10'),
  range('14.1.2', 'a suffix of nothing', '-0', '416 */10'),
  range('15.5.17', 'several ranges, all past the end', '10-,20-30', '416 */10'),

  // Several ranges.
  range('14.2', 'two ranges', '0-1,4-5', '200', ['206 multipart', ONE_PART]),
  range('14.2', 'two that overlap', '0-3,2-5', '200', ['206 multipart', ONE_PART]),
  range('14.2', 'two that overlap and are more than the file', '0-5,4-9', '200'),
  range('14.2', 'two, one of them past the end', '0-1,20-', '200', ['206 0-1/10', ONE_PART]),
  asks('5.2', 'two fields are one list', { Range: ['bytes=0-1', 'bytes=4-5'] }, '200', [
    '206 0-1/10',
    '5.2: they count as joined by a comma, and so are no ranges-specifier; nginx takes the first',
  ]),

  // What is not understood.
  asks('14.2', 'an unknown unit', { Range: 'lines=0-1' }, '200'),
  asks('14.2', 'a unit that only begins with bytes', { Range: 'bytesx=0-1' }, '200'),
  asks('14.2', 'no unit', { Range: '0-1' }, '200'),
  asks('14.2', 'an empty field', { Range: '' }, '200'),
  range('14.1.1', 'no range', '', '200'),
  range('14.1.1', 'commas only', ',,', '200', ['416 */10', MAY_IGNORE]),
  range('14.1.1', 'a dash only', '-', '200', ['416 */10', MAY_IGNORE]),
  range('14.1.1', 'a last position before the first', '5-2', '200', ['416 */10', MAY_IGNORE]),
  range('14.1.1', 'a valid range and an invalid one', '0-1,5-2', '200', ['206 0-1/10', MAY_IGNORE]),
  range('14.1.1', 'letters', 'a-b', '200', ['416 */10', MAY_IGNORE]),
  range('14.1.1', 'hexadecimal', '0x0-0x5', '200', ['416 */10', MAY_IGNORE]),
  range('14.1.1', 'a sign', '+2-5', '200', ['416 */10', MAY_IGNORE]),
  range('14.1.1', 'a number without a dash', '5', '200', ['416 */10', MAY_IGNORE]),
  range('14.1.1', 'two dashes', '--5', '200', ['416 */10', MAY_IGNORE]),
  range('14.1.1', 'spaces within a range', '2 - 5', '200', [
    '206 2-5/10',
    '14.1.1: the grammar has none there',
  ]),

  // HEAD and empty files.
  head('14.2', 'Range on HEAD', { Range: 'bytes=2-5' }, '200', ['206 2-5/10', NOT_ON_HEAD]),
  head('14.2', 'on HEAD, past the end', { Range: 'bytes=10-' }, '200', ['416 */10', NOT_ON_HEAD]),
  head('9.3.2', 'HEAD', {}, '200'),
  head('13.2.2', 'a precondition on HEAD', { 'If-None-Match': 'ETAG' }, '304'),
  empty('14.2', 'no Range', {}, '200'),
  empty('14.2', 'from its start', { Range: 'bytes=0-' }, '200'),
  empty('14.1.2', 'its end, which Content-Range cannot name', { Range: 'bytes=-5' }, '200'),
  empty('15.5.17', 'past its end', { Range: 'bytes=1-' }, '416 */0'),
  empty('14.1.2', 'a suffix of nothing', { Range: 'bytes=-0' }, '416 */0', [
    '200',
    '14.1.2: a suffix-length of zero is not satisfiable, whatever the size',
  ]),

  // If-Range.
  ifRange('the strong tag', 'ETAG', '206 2-5/10'),
  ifRange('another tag', '"another"', '200'),
  ifRange('the tag, said to be weak', 'W/ETAG', '200'),
  ifRange('a list, which it does not take', 'ETAG, "another"', '200'),
  ifRange('a star, which it does not take', '*', '200'),
  ifRange('the date', MODIFIED, '206 2-5/10'),
  ifRange('the date in its RFC 850 form', 'Sunday, 06-Nov-94 08:49:37 GMT', '206 2-5/10'),
  ifRange('the date in its asctime form', 'Sun Nov  6 08:49:37 1994', '206 2-5/10'),
  ifRange('a later date', AFTER, '200'),
  ifRange('an earlier date', BEFORE, '200'),
  ifRange('no validator', 'yesterday', '200'),
  ifRange('an empty field', '', '200'),
  asks('13.1.5', 'without Range it is nothing', { 'If-Range': '"another"' }, '200'),
  asks(
    '13.1.5',
    'no longer current, and the range past the end',
    { 'If-Range': '"another"', Range: 'bytes=10-' },
    '200',
  ),
  asks('15.5.17', 'current, past the end', { 'If-Range': 'ETAG', Range: 'bytes=10-' }, '416 */10'),

  // The other preconditions come first.
  withRange('13.1.1', 'the tag', { 'If-Match': 'ETAG' }, '206 2-5/10'),
  withRange('13.1.1', 'any', { 'If-Match': '*' }, '206 2-5/10'),
  withRange('13.1.1', 'one of a list', { 'If-Match': '"a", ETAG' }, '206 2-5/10'),
  withRange('13.1.1', 'another tag', { 'If-Match': '"another"' }, '412'),
  withRange('13.1.1', 'strong comparison', { 'If-Match': 'W/ETAG' }, '412'),
  withRange('13.1.4', 'not since', { 'If-Unmodified-Since': MODIFIED }, '206 2-5/10'),
  withRange('13.1.4', 'modified since', { 'If-Unmodified-Since': BEFORE }, '412'),
  withRange('13.1.4', 'no date', { 'If-Unmodified-Since': 'yesterday' }, '206 2-5/10', [
    '412',
    '13.1.4: a recipient must ignore what is no date',
  ]),
  withRange('14.2', 'unchanged wins over Range', { 'If-None-Match': 'ETAG' }, '304'),
  withRange('13.1.2', 'weak comparison', { 'If-None-Match': 'W/ETAG' }, '304'),
  withRange('13.1.2', 'another tag', { 'If-None-Match': '"another"' }, '206 2-5/10'),
  withRange('13.1.3', 'not modified since', { 'If-Modified-Since': MODIFIED }, '304'),
  withRange('13.1.3', 'modified since', { 'If-Modified-Since': BEFORE }, '206 2-5/10'),
  withRange(
    '13.1.4',
    'If-Match outweighs the date',
    { 'If-Match': 'ETAG', 'If-Unmodified-Since': BEFORE },
    '206 2-5/10',
    ['412', TAG_DECIDES],
  ),
  withRange(
    '13.1.3',
    'If-None-Match outweighs the date, and matches',
    { 'If-None-Match': 'ETAG', 'If-Modified-Since': BEFORE },
    '304',
    ['206 2-5/10', TAG_DECIDES],
  ),
  withRange(
    '13.1.3',
    'If-None-Match outweighs the date, and does not match',
    { 'If-None-Match': '"another"', 'If-Modified-Since': AFTER },
    '206 2-5/10',
  ),
  withRange('13.2.2', '412 before 304', { 'If-Match': '"a"', 'If-None-Match': 'ETAG' }, '412'),
  withRange(
    '13.2.2',
    '412 before If-Range',
    { 'If-Match': '"another"', 'If-Range': 'ETAG' },
    '412',
  ),
  withRange(
    '13.2.2',
    '304 before If-Range',
    { 'If-None-Match': 'ETAG', 'If-Range': '"another"' },
    '304',
  ),
  asks('14.2', '304 before 416', { 'If-None-Match': 'ETAG', Range: 'bytes=10-' }, '304'),
  asks('14.2', '412 before 416', { 'If-Match': '"another"', Range: 'bytes=10-' }, '412'),
  asks(
    '13.2.1',
    'no precondition where the answer is an error without it',
    { 'Sec-Purpose': 'prefetch', 'If-None-Match': 'ETAG' },
    '503',
    ['304', NO_CLAIM],
  ),

  // A strict claim has no parts.
  strict('14.2', 'a range', { Range: 'bytes=2-5' }, '200'),
  strict('14.2', 'a range past the end', { Range: 'bytes=10-' }, '200'),
  strict('13.1.5', 'If-Range is ignored too', { Range: 'bytes=2-5', 'If-Range': 'ETAG' }, '200'),
  strict('13.1.1', 'a precondition', { Range: 'bytes=2-5', 'If-Match': '"another"' }, '412'),
];

function asks(
  section: string,
  says: string,
  headers: Case['asks'],
  gives: string,
  nginx?: Case['nginx'],
): Case {
  return { section, says, asks: headers, gives, ...(nginx && { nginx }) };
}

function range(section: string, says: string, set: string, gives: string, nginx?: Case['nginx']) {
  return asks(section, says, { Range: `bytes=${set}` }, gives, nginx);
}

function withRange(
  section: string,
  says: string,
  headers: Case['asks'],
  gives: string,
  nginx?: Case['nginx'],
): Case {
  return asks(section, says, { ...headers, Range: 'bytes=2-5' }, gives, nginx);
}

function ifRange(says: string, validator: string, gives: string): Case {
  return withRange('13.1.5', says, { 'If-Range': validator }, gives);
}

function head(...row: Parameters<typeof asks>): Case {
  return { ...asks(...row), method: 'HEAD' };
}

function empty(...row: Parameters<typeof asks>): Case {
  return { ...asks(...row), of: 'an empty file' };
}

function strict(section: string, says: string, headers: Case['asks'], gives: string): Case {
  return { ...asks(section, says, headers, gives, ['-', NO_CLAIM]), claim: 'strict' };
}
