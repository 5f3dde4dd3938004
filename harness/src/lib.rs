//! Proves a Home Manager switch in a virtual machine before anyone makes it.
