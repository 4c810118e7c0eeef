/** An object is larger than any valid object of its kind. */
export class ObjectTooLarge extends Error {
  override readonly name = 'ObjectTooLarge';
}
