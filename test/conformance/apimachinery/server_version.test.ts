// The server's version.
import { http } from '../framework.ts'

test('[sig-api-machinery] server version should find the server version [Conformance]', async () => {
  const version = (await http<Record<string, string>>('GET', '/version')).json()
  expect(version['major']).toMatch(/^[0-9]+$/)
  expect(version['minor']).toMatch(/^[0-9]+$/)
})
