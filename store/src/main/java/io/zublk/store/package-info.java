package io.zublk.store;
