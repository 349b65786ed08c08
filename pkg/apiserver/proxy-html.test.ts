// HTML through a proxy: what is rewritten, and what must stay as it is.
import { proxiedAddress, proxiedHtml } from './proxy-html.ts'
import { cpuMs } from '../util/cpu-time.suite.ts'

const prefix = '/api/v1/namespaces/a/services/s/proxy'
const page = { hosts: ['10.0.0.1:80', 'api.example.com:6443'], prefix }

it.each([
  ['/', `${prefix}/`],
  ['/x/y?z=1#w', `${prefix}/x/y?z=1#w`],
  ['http://10.0.0.1:80/x', `${prefix}/x`],
  ['//10.0.0.1:80', `${prefix}/`],
  ['https://api.example.com:6443/x', `${prefix}/x`],
  [`${prefix}/x`, `${prefix}/x`],
  [`${prefix}x`, `${prefix}${prefix}x`],
  ['x/y', 'x/y'],
  ['../x', '../x'],
  ['', ''],
  ['#top', '#top'],
  ['http://elsewhere.com/x', 'http://elsewhere.com/x'],
  ['mailto:a@b', 'mailto:a@b'],
  ['javascript:/x/', 'javascript:/x/'],
  ['data:text/html,/x', 'data:text/html,/x'],
])('%s', (address, wanted) => {
  expect(proxiedAddress(address, page)).toBe(wanted)
})

it.each([
  ['<a href="/x">y</a>', `<a href="${prefix}/x">y</a>`],
  ["<A HREF='/x?a=1&amp;b=2'>", `<A HREF='${prefix}/x?a=1&amp;b=2'>`],
  ['<a class=b href=/x>', `<a class=b href=${prefix}/x>`],
  ['<img alt="/x" src = "/y" />', `<img alt="/x" src = "${prefix}/y" />`],
  ['<video poster="/a" src="/b">', `<video poster="${prefix}/a" src="${prefix}/b">`],
  ['<script src="/x">var a = "<a href=\'/y\'>"</script><a href="/z">', `<script src="${prefix}/x">var a = "<a href='/y'>"</script><a href="${prefix}/z">`],
  ['<!-- <a href="/x"> --><a href="/y">', `<!-- <a href="/x"> --><a href="${prefix}/y">`],
  ['<div href="/x">', '<div href="/x">'],
  ['1 < 2 <a href="/x">', `1 < 2 <a href="${prefix}/x">`],
  ['<a href="/x', '<a href="/x'],
  ['<a =x href="/y" disabled>', `<a =x href="${prefix}/y" disabled>`],
])('%s', (html, wanted) => {
  expect(proxiedHtml(html, page)).toBe(wanted)
})

it('takes as long as the text is', () => {
  expect(cpuMs(() => {
    for (const part of ['<a href="', '<', '<!--', '<a ', '<a href=', '<script>', '<a b=\'"']) proxiedHtml(part.repeat(100_000), page)
  })).toBeLessThan(3000)
})
