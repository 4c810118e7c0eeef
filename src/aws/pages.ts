/** More pages than any listing of this suite has; AWS gives ten to a thousand items a page. */
const mostPages = 1000;

/** A listing without an end: the answers do not follow AWS's documentation, or come from a device between AWS and this machine. */
export class EndlessPages extends Error {
  override readonly name = 'EndlessPages';
  readonly call: string;
  constructor(call: string, why: string) {
    super(`${call} never ends: ${why}; check AWS_ENDPOINT_URL and any proxy between this machine and AWS`);
    this.call = call;
  }
}

/** How AWS's listings name the next page; CodePipeline begins with a small letter. */
interface Paged {
  readonly NextToken?: string | undefined;
  readonly nextToken?: string | undefined;
}

/**
 * Every page of a listing. A page may be empty and still have a successor. The SDK's `paginate*` functions end only at a page
 * without a token, and want a client where an operation has calls.
 * @param call `sagemaker:ListTags`, for the message
 * @param ask fetches the page of a token; without a token the first page
 * @throws {EndlessPages} when a token comes a second time, or after a thousand pages
 */
export const allPages = async <Page extends Paged | undefined>(
  call: string,
  ask: (token: string | undefined) => Promise<Page>,
): Promise<readonly Page[]> => {
  const pages: Page[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const page = await ask(token);
    pages.push(page);
    token = page?.NextToken ?? page?.nextToken;
    if (token && seen.has(token)) throw new EndlessPages(call, `page ${pages.length} leads back to an earlier one`);
    if (token && pages.length >= mostPages) throw new EndlessPages(call, `it has more than ${mostPages} pages`);
    if (token) seen.add(token);
  } while (token);
  return pages;
};
