/** An object is larger than anything that belongs there. */
export class ObjectTooLarge extends Error {
  override readonly name = 'ObjectTooLarge';
}
