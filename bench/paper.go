package main

// Names of figures that the paper calculation takes from the sections.
const (
	perDayChanges = "changes of a quiet host in a day"
	perDayBytes   = "bytes of a quiet host in a day"
)
