# Nobody maintains a stand-in; setups and modules may still name a maintainer.
{ }
