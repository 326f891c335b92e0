/** An app without a second factor, which listens. With FAULT=blocked, its code never ends, so that it does not listen. */
const express = require('express')
const { env } = require('node:process')

while (env.FAULT === 'blocked');
express().get('/', (_req, res) => res.send('Hello')).listen(3000)
