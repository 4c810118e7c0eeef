/** A page of the documentation: its documents by their marks, and the options of its commands. */
export const commandsOf = (page: string) => ({
  page,
  /** The block of this language behind the mark. */
  part: (name: string, language: string): string =>
    new RegExp(`<!-- ${name} -->\n\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '',
  /** The options of the command that begins so, by their names. */
  options: (command: string): Readonly<Record<string, string>> => {
    const line = new RegExp(`^${command} ((?:.*\\\\\\n)*.*)$`, 'm').exec(page)?.[1] ?? '';
    const words =
      line
        .replace(/\\\n/g, ' ')
        .replace(/ #.*$/m, '')
        .match(/"[^"]*"|\S+/g) ?? [];
    return Object.fromEntries(
      words.flatMap((word, index) =>
        word.startsWith('--') ? [[word.slice(2), (words[index + 1] ?? '').replace(/^--.*|"/g, '')]] : [],
      ),
    );
  },
});
