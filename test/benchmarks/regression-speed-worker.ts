/** `compare` in a process of its own: prints the verdict, then its time and its largest memory, as one line of JSON. */
import { compare } from '../../src/commands/compare.ts';

const lines: string[] = [];
const terminal = { out: (text: string) => void lines.push(text), err: (text: string) => void lines.push(text) };
const host = (): never => {
  throw new Error('compare needs no host');
};
const code = await compare.run(process.argv.slice(2), host, terminal);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    code,
    because: lines[0]?.split('\n')[0] ?? '',
    processorSeconds: (userCPUTime + systemCPUTime) / 1e6,
    mostMegabytes: maxRSS / 1024,
  }),
);
