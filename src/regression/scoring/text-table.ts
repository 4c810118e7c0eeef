/** Texts by number, each once; a million of them in a few flat arrays instead of a million objects. */
export interface TextTable {
  /** The text's number: a new one, `size` before the call, or the one that it has. */
  readonly add: (text: string) => number;
  readonly at: (number: number) => string;
  readonly size: () => number;
  /** Frees everything that only `add` needs; no text is added afterwards. */
  readonly close: () => void;
  /** Below 0: the first one sorts before the second one, by code units. */
  readonly order: (one: number, other: number) => number;
}

const firstTexts = 1024;
/** Of slots; above it a search takes many steps. */
const fullest = 0.6;

export const textTable = (): TextTable => {
  /** Code units one after the other, in one byte each until a text needs two. */
  let units: Uint8Array | Uint16Array = new Uint8Array(firstTexts * 8);
  let ends = new Uint32Array(firstTexts);
  let hashes = new Int32Array(firstTexts);
  /** Number + 1 of the text in each slot; 0: none. */
  let slots = new Int32Array(firstTexts * 2);
  let size = 0;

  const begin = (number: number): number => (number === 0 ? 0 : (ends[number - 1] ?? 0));
  const end = (number: number): number => ends[number] ?? 0;

  const isAt = (number: number, text: string): boolean => {
    const from = begin(number);
    if (end(number) - from !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (units[from + i] !== text.charCodeAt(i)) return false;
    return true;
  };

  const rehash = (): void => {
    slots = new Int32Array(slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < size; number++) {
      let slot = (hashes[number] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
  };

  const append = (text: string, hash: number): void => {
    const from = size === 0 ? 0 : (ends[size - 1] ?? 0);
    if (from + text.length > units.length) units = longer(units, Math.max(units.length * 1.5, from + text.length));
    if (size === ends.length) {
      ends = longer(ends, size * 2);
      hashes = longer(hashes, size * 2);
    }
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff && units.BYTES_PER_ELEMENT === 1) units = new Uint16Array(units);
      units[from + i] = unit;
    }
    ends[size] = from + text.length;
    hashes[size] = hash;
    size++;
  };

  return {
    add: (text) => {
      const hash = hashOf(text);
      const mask = slots.length - 1;
      let slot = hash & mask;
      for (let number = slots[slot] ?? 0; number !== 0; number = slots[slot] ?? 0) {
        if (hashes[number - 1] === hash && isAt(number - 1, text)) return number - 1;
        slot = (slot + 1) & mask;
      }
      append(text, hash);
      slots[slot] = size;
      if (size > slots.length * fullest) rehash();
      return size - 1;
    },
    at: (number) => {
      let text = '';
      for (let from = begin(number); from < end(number); from += longestCall)
        text += String.fromCharCode(...units.subarray(from, Math.min(end(number), from + longestCall)));
      return text;
    },
    size: () => size,
    close: () => {
      [slots, hashes] = [new Int32Array(0), new Int32Array(0)];
      units = units.slice(0, end(size - 1));
      ends = ends.slice(0, size);
    },
    order: (one, other) => {
      const [from, to] = [begin(one), begin(other)];
      const [length, otherLength] = [end(one) - from, end(other) - to];
      for (let i = 0; i < length && i < otherLength; i++) {
        const difference = (units[from + i] ?? 0) - (units[to + i] ?? 0);
        if (difference !== 0) return difference;
      }
      return length - otherLength;
    },
  };
};

/** A function takes no more arguments than its stack holds. */
const longestCall = 8192;

/** FNV-1a over code units, mixed once more: its low bits alone cluster. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
};

const longer = <A extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(from: A, length: number): A => {
  const to = Reflect.construct(from.constructor, [Math.ceil(length)]) as A;
  to.set(from);
  return to;
};
