import { spawn } from 'node:child_process';

/**
 * A build's container: `node build-container.ts <script>` runs the script with bash. A signal to this process reaches every process of the build, as
 * when a container is stopped. It is a process of its own, so that the simulator's clock has one participant for the whole build.
 */
const bash = spawn('bash', [process.argv[2] ?? ''], { detached: true, stdio: 'inherit' });
process.on('SIGTERM', () => process.kill(-(bash.pid ?? 0), 'SIGTERM'));
bash.on('close', (code) => process.exit(code ?? 1));
