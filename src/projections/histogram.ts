// How often each latency occurred, in buckets that grow by a 32nd of an octave: whatever is read from it is within 1.1 %
// of the truth, and two of them add up without loss. Buckets come from integer arithmetic and a table of boundaries, so
// that the same samples make the same bytes everywhere.

const BUCKETS_PER_OCTAVE = 32;
const OCTAVES = 32;
/** Bucket 0 is for 0; bucket i for 2^((i-1)/32) up to, but without, 2^(i/32) microseconds. */
const BUCKETS = 1 + OCTAVES * BUCKETS_PER_OCTAVE;
const SAMPLE_MAX = 2 ** 32 - 1;
/** Buckets on either side of the first sample that there is room for. */
const NEIGHBOURS = 12;

/** Where buckets begin: bucket i holds v with BOUNDARIES[i] <= v < BOUNDARIES[i + 1]. */
const BOUNDARIES = Float64Array.from({ length: BUCKETS + 1 }, (_, i) =>
  i === 0
    ? 0
    : 2 ** Math.floor((i - 1) / BUCKETS_PER_OCTAVE) * 2 ** (((i - 1) % BUCKETS_PER_OCTAVE) / BUCKETS_PER_OCTAVE),
);

/** For the eight bits behind the leading one: the bucket within the octave, or the one before. */
const WITHIN_OCTAVE = Uint8Array.from({ length: 256 }, (_, bits) =>
  Math.floor(Math.log2(1 + bits / 256) * BUCKETS_PER_OCTAVE + 1e-9),
);

/** The bucket of a whole number of microseconds from 0 to 2^32 - 1. */
function bucketOf(us: number): number {
  if (us === 0) return 0;
  const octave = 31 - Math.clz32(us);
  const bits = (octave >= 8 ? us >>> (octave - 8) : us << (8 - octave)) & 255;
  const bucket = 1 + octave * BUCKETS_PER_OCTAVE + WITHIN_OCTAVE[bits]!;
  return us >= BOUNDARIES[bucket + 1]! ? bucket + 1 : bucket;
}

/** The number that is nowhere off by more than 1.1 % in the bucket; exact where the bucket holds one whole number. */
function valueOf(bucket: number): number {
  if (bucket === 0) return 0;
  const low = Math.ceil(BOUNDARIES[bucket]!);
  const high = Math.ceil(BOUNDARIES[bucket + 1]!) - 1;
  return (2 * low * high) / (low + high);
}

/** SQL for the histograms of all rows of a group in one row, as mergeEncoded takes them: many small values take long. */
export function concatenatedHistograms(column: string): string {
  return `cast(group_concat(${column}, cast(x'0000' as text)) as blob)`;
}

type Counts = Uint8Array | Uint32Array | Float64Array;

const NONE = new Uint8Array(0);
/** So many samples are only listed: most histograms of a log with little traffic never have more. */
const LISTED_MAX = 16;
const NONE_LISTED: number[] = []; // stays empty
/** Where the samples of encoded ones are added up. */
const SUMS = new Float64Array(BUCKETS);
/** Where encoded bytes are gathered: two numbers of a bucket have at most eight bytes each. */
const SCRATCH = new Uint8Array(BUCKETS * 16);

/** Counts stand in a window of buckets that grows to where samples are, in cells that grow with the largest count. */
export class Histogram {
  #listed = NONE_LISTED; // buckets of samples that are not in #counts, in any order
  #counts: Counts = NONE;
  #first = 0; // the bucket of #counts[0]
  #cellMax = 255;

  /** Adds one sample: whole microseconds; what is more than 2^32 - 1 counts as that. */
  add(us: number): void {
    const bucket = bucketOf(us > SAMPLE_MAX ? SAMPLE_MAX : us);
    const cell = bucket - this.#first;
    if (cell >= 0 && cell < this.#counts.length && this.#counts[cell]! < this.#cellMax) this.#counts[cell]!++;
    else this.#increase(bucket, 1);
  }

  /** Adds all samples of another. */
  merge(other: Histogram): void {
    for (const bucket of other.#listed) this.#increase(bucket, 1);
    const counts = other.#counts;
    if (counts.length === 0) return;
    this.#countListed();
    this.#reserve(other.#first, other.#first + counts.length);
    for (let cell = 0; cell < counts.length; cell++) {
      if (counts[cell]! > 0) this.#increase(other.#first + cell, counts[cell]!);
    }
  }

  /**
   * Adds all samples of encoded ones, any number of them with two zero bytes in between. Throws RangeError for bytes that
   * are none.
   */
  mergeEncoded(bytes: Uint8Array): void {
    // The loop that a window of many buckets spends its time in: into cells that need no look at their bounds, and numbers
    // of one byte, which most are, are read in place.
    const sums = SUMS.fill(0);
    const end = bytes.length;
    let [lowest, highest] = [BUCKETS, -1];
    let bucket = -1;
    for (let position = 0; position < end;) {
      let gap = bytes[position++]!;
      if (gap > 127) {
        gap = longNumber(bytes, position - 1);
        position = longEnd;
      }
      if (position >= end) throw cutOff();
      let count = bytes[position++]!;
      if (count === 0) {
        if (bucket > highest) highest = bucket;
        bucket = -1;
        continue;
      }
      if (count > 127) {
        count = longNumber(bytes, position - 1);
        position = longEnd;
      }
      bucket += 1 + gap;
      if (bucket >= BUCKETS) throw new RangeError(`histogram bucket ${bucket}`);
      sums[bucket]! += count;
      if (bucket < lowest) lowest = bucket;
    }
    if (bucket > highest) highest = bucket;
    for (let each = lowest; each <= highest; each++) if (sums[each]! > 0) this.#increase(each, sums[each]!);
  }

  /** Forgets all samples. */
  clear(): void {
    this.#listed = NONE_LISTED;
    this.#counts.fill(0);
  }

  /** Samples. */
  get count(): number {
    let count = this.#listed.length;
    for (const each of this.#counts) count += each;
    return count;
  }

  /**
   * The sample of rank ceil(q × count), within 1.1 %: microseconds; null without a sample. `q` is from 0 (the smallest) to
   * 1 (the largest).
   */
  quantile(q: number): number | null {
    this.#countListed();
    const count = this.count;
    if (count === 0) return null;
    const rank = Math.min(count, Math.max(1, Math.ceil(q * count)));
    let seen = 0;
    for (let cell = 0; cell < this.#counts.length; cell++) {
      seen += this.#counts[cell]!;
      if (seen >= rank) return valueOf(this.#first + cell);
    }
    return null;
  }

  /** Samples of at most `us`, as whole buckets: those whose middle is not above it. */
  countUpTo(us: number): number {
    this.#countListed();
    let count = 0;
    for (let cell = 0; cell < this.#counts.length && valueOf(this.#first + cell) <= us; cell++) {
      count += this.#counts[cell]!;
    }
    return count;
  }

  /** Pairs of varints, one for each bucket that has samples: empty buckets before it, and its count. */
  encode(): Uint8Array {
    let [length, last] = [0, -1];
    const listed = this.#listed;
    if (listed.length > 1) listed.sort((a, b) => a - b);
    for (let i = 0, start = 0; i < listed.length; i++) {
      const bucket = listed[i]!;
      if (bucket === listed[i + 1]) continue;
      length = appendVarint(appendVarint(length, bucket - last - 1), i + 1 - start);
      [start, last] = [i + 1, bucket];
    }
    const counts = this.#counts;
    for (let cell = 0; cell < counts.length; cell++) {
      const count = counts[cell]!;
      if (count === 0) continue;
      const bucket = this.#first + cell;
      length = appendVarint(appendVarint(length, bucket - last - 1), count);
      last = bucket;
    }
    return SCRATCH.slice(0, length);
  }

  #increase(bucket: number, by: number): void {
    if (this.#counts.length === 0 && by === 1 && this.#listed.length < LISTED_MAX) {
      if (this.#listed === NONE_LISTED) this.#listed = [bucket];
      else this.#listed.push(bucket);
      return;
    }
    this.#countListed();
    if (bucket < this.#first || bucket >= this.#first + this.#counts.length) this.#widen(bucket);
    const cell = bucket - this.#first;
    const count = this.#counts[cell]! + by;
    if (count > this.#cellMax) this.#deepen(count);
    this.#counts[cell] = count;
  }

  /** From here on there are none: samples are listed or counted. */
  #countListed(): void {
    const listed = this.#listed;
    if (listed.length === 0) return;
    this.#listed = NONE_LISTED;
    this.#reserve(Math.min(...listed) - NEIGHBOURS, Math.max(...listed) + NEIGHBOURS);
    for (const bucket of listed) this.#increase(bucket, 1);
  }

  /** Makes room for the bucket and for its neighbours, the more the wider the samples have spread already. */
  #widen(bucket: number): void {
    const around = Math.max(NEIGHBOURS, this.#counts.length >> 1);
    if (this.#counts.length === 0) this.#reserve(bucket - around, bucket + around);
    else if (bucket < this.#first) this.#reserve(bucket - around, this.#first);
    else this.#reserve(this.#first, bucket + around);
  }

  /** Makes room for the buckets from `from` to `to`, without the latter. */
  #reserve(from: number, to: number): void {
    const isEmpty = this.#counts.length === 0;
    const first = Math.max(0, isEmpty ? from : Math.min(this.#first, from));
    const end = Math.min(BUCKETS, isEmpty ? to : Math.max(this.#first + this.#counts.length, to));
    if (!isEmpty && first === this.#first && end === this.#first + this.#counts.length) return;
    const counts = this.#cells(end - first);
    counts.set(this.#counts, isEmpty ? 0 : this.#first - first);
    this.#counts = counts;
    this.#first = first;
  }

  #deepen(count: number): void {
    this.#cellMax = count <= 0xffffffff ? 0xffffffff : Number.MAX_SAFE_INTEGER;
    const counts = this.#cells(this.#counts.length);
    counts.set(this.#counts);
    this.#counts = counts;
  }

  #cells(length: number): Counts {
    if (this.#cellMax === 255) return new Uint8Array(length);
    return this.#cellMax === 0xffffffff ? new Uint32Array(length) : new Float64Array(length);
  }
}

/** Behind the last number that longNumber has read: a pair of results would cost more than the reading. */
let longEnd = 0;

/** What appendVarint has written at `position`. */
function longNumber(bytes: Uint8Array, position: number): number {
  let value = 0;
  longEnd = position;
  for (let unit = 1; longEnd < bytes.length; unit *= 128) {
    const byte = bytes[longEnd++]!;
    value += (byte & 127) * unit;
    if (byte < 128) return value;
  }
  throw cutOff();
}

const cutOff = (): RangeError => new RangeError("a histogram is cut off");

/** Seven bits a byte, the lowest first; all bytes but the last have the eighth. Returns where the next byte goes. */
function appendVarint(position: number, value: number): number {
  if (value < 128) {
    SCRATCH[position] = value;
    return position + 1;
  }
  let [next, rest] = [position, value];
  while (rest >= 128) {
    SCRATCH[next++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  SCRATCH[next++] = rest;
  return next;
}
