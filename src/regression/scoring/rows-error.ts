import { InputError } from '../../schema.ts';

/** The rows cannot be compared: a file is wrong, or the policy does not fit its rows. */
export class RowsError extends InputError {
  readonly input: 'candidate' | 'baseline' | 'dataset' | 'policy';
  constructor(input: RowsError['input'], message: string) {
    super(message);
    this.input = input;
  }
}
