# What NDB needs to record: a database in a file, with a log of what the kernel
# announced beside the tables of what is now.
import signal
import sys
import threading

from pyroute2 import NDB

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
ndb = NDB(db_provider='sqlite3', db_spec=sys.argv[1], db_cleanup=False, rtnl_debug=True)
print('ready', flush=True)
stop.wait()
ndb.close()
