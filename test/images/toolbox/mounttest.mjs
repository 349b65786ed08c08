// Tells about files: `--fs_type --file_mode --file_perm --file_owner --file_content=PATH`, after writing `--new_file_MODE=PATH`;
// `--file_content_in_loop=PATH` reads again and again until the content is as written, or for `--retry_time` seconds.
import { readFileSync, statSync, statfsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { getSystemErrorMap } from 'node:util'

const written = 'mount-tester new file\n'
const tmpfs = 0x01021994

export default async function mounttest(args) {
  process.on('SIGTERM', () => process.exit(2))
  const flags = Object.fromEntries(args.map((arg) => /^--([a-z0-9_]+)=(.*)$/s.exec(arg)?.slice(1) ?? [arg, '']))
  process.umask(0)
  let failed = false
  const report = (path, problem, say) => {
    if (!path) return
    try {
      for (const line of say(path)) console.log(line)
    } catch (error) {
      console.log(`${problem}: ${inWords(error)}`)
      failed = true
    }
  }
  const content = (path) => report(path, `error reading file content for "${path}"`, () => [contentLine(path)])

  report(flags.fs_type, `error from statfs("${flags.fs_type}")`, (path) => {
    const { type } = statfsSync(path)
    return [`mount type of "${path}": ${type === tmpfs ? 'tmpfs' : type}`]
  })
  for (const mode of ['0644', '0666', '0660', '0777']) {
    const path = flags[`new_file_${mode}`]
    report(path, `error writing new file "${path}"`, () => {
      writeFileSync(path, written, { mode: Number.parseInt(mode, 8) })
      return []
    })
    content(path)
  }
  report(flags.file_mode, `error from Stat("${flags.file_mode}")`, (path) => [`mode of file "${path}": ${modeText(statSync(path).mode)}`])
  report(flags.file_perm, `error from Stat("${flags.file_perm}")`, (path) => [`perms of file "${path}": ${modeText(statSync(path).mode & 0o777)}`])
  report(flags.file_owner, `error from stat("${flags.file_owner}")`, (path) => {
    const { uid, gid } = statSync(path)
    return [`owner UID of "${path}": ${uid}`, `owner GID of "${path}": ${gid}`]
  })
  content(flags.file_content)
  if (flags.file_content_in_loop && !(await inLoop(flags.file_content_in_loop, Number(flags.retry_time ?? 180), flags.break_on_expected_content !== 'false'))) failed = true
  process.exit(failed ? 1 : 0)
}

const contentLine = (path) => `content of file "${path}": ${readFileSync(path, 'utf8')}`

/** Whether the last look found the file. */
async function inLoop(path, seconds, breakOnExpected) {
  const end = performance.now() + seconds * 1000
  let found = false
  for (; performance.now() < end; await sleep(2000)) {
    try {
      console.log(contentLine(path))
      found = true
    } catch (error) {
      found = false
      console.log(`Error reading file ${path}: ${inWords(error)}, retrying`)
      continue
    }
    if (!breakOnExpected) continue
    if (readFileSync(path, 'utf8') === written) break
    console.log(`Unexpected content. Expected: ${written}. Retrying`)
  }
  return found
}

const inWords = (error) => (error.errno === undefined ? String(error) : `${error.syscall} ${error.path}: ${getSystemErrorMap().get(error.errno)?.[1] ?? error.code}`)

const kinds = { 0o040000: 'd', 0o120000: 'L', 0o060000: 'D', 0o010000: 'p', 0o140000: 'S', 0o020000: 'Dc' }

/** As Go writes a file mode: letters for what the file is, then nine for who may what. */
function modeText(mode) {
  const letters = (kinds[mode & 0o170000] ?? '') + (mode & 0o4000 ? 'u' : '') + (mode & 0o2000 ? 'g' : '') + (mode & 0o1000 ? 't' : '')
  const rights = [...'rwxrwxrwx'].map((letter, at) => (mode & (1 << (8 - at)) ? letter : '-')).join('')
  return `${letters || '-'}${rights}`
}
