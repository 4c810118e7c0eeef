/** The model could not be asked: nothing was written. */
export class NoPredictions extends Error {
  override readonly name = 'NoPredictions';
}
