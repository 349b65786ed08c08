// The test CSI driver as a program of its own, for a pod: csi-driver-main.ts NAME KUBELET-ROOT STATE-DIRECTORY
import { TestCsiDriver } from './csi-driver.ts'

const [name = '', root = '', state = ''] = process.argv.slice(2)
const driver = new TestCsiDriver({ name, root, state })
await driver.start()
console.log(`${name} is registered at ${driver.registrationSocket}`)
process.on('SIGTERM', () => {
  driver.stop()
  process.exit(0)
})
