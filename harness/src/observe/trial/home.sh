# Makes a home of everything a home can hold, and the store it points into. Run by root in a throw-away Debian
# tree that has a user alice; see the test beside it.
set -e
S=/nix/store; h(){ echo "$S/0123456789abcdfghijklmnpqrsvwxy$1"; }
rm -rf $S/0123456789abcdfghijklmnpqrsvwxy* /home/alice/odd /home/alice/.bashrc
mkdir -p $(h z)-home-manager-files/.config/ $(h a)-nvim/lua $(h a)-nvim/empty $(h j)-other/deep $(h k)-deploy/bin $(h b)-hello-2.10/bin $(h c)-home-manager-path/bin $(h d)-home-manager-generation $(h f)-user-environment $(h g)-git-2.39.5/bin $(h l)-fonts-2.37/share/fonts $(h m)-vars.sh/etc/profile.d $(h m)-vars.sh/bin $(h o)-home-configuration-reference-manpage/share/man $(h c)-home-manager-path/share $(h c)-home-manager-path/share
printf 'set number\n' > $(h a)-nvim/init.vim; printf 'x\n' > $(h a)-nvim/lua/a.lua
ln -s nowhere $(h a)-nvim/gone; ln -s .. $(h a)-nvim/lua/up; ln -s / $(h a)-nvim/root; ln -s $(h j)-other $(h a)-nvim/other
printf 'deep\n' > $(h j)-other/deep/f; printf '#!/bin/sh\nrm -rf /\n' > $(h k)-deploy/bin/deploy; chmod 555 $(h k)-deploy/bin/deploy
truncate -s 34603008 $(h a)-nvim/large; printf end >> $(h a)-nvim/large
printf '#!/bin/sh\necho hi\n' > $(h b)-hello-2.10/bin/hello; chmod 555 $(h b)-hello-2.10/bin/hello
printf '#!/bin/sh\necho git\n' > $(h g)-git-2.39.5/bin/git; chmod 555 $(h g)-git-2.39.5/bin/git
printf 'export EDITOR=vim\n. /etc/profile\n' > $(h h)-hm_.bashrc
ln -sfn $(h h)-hm_.bashrc $(h z)-home-manager-files/.bashrc
ln -sfn $(h a)-nvim $(h z)-home-manager-files/.config/nvim
ln -sfn /home/alice/dots/rc $(h z)-home-manager-files/.outrc
ln -sfn $(h z)-home-manager-files $(h d)-home-manager-generation/home-files
ln -sfn $(h b)-hello-2.10/bin/hello $(h c)-home-manager-path/bin/hello
printf '#!/nowhere/sh -e\n' > $(h b)-hello-2.10/bin/lost; chmod 555 $(h b)-hello-2.10/bin/lost; ln -sfn $(h b)-hello-2.10/bin/lost $(h c)-home-manager-path/bin/lost
ln -sfn $(h g)-git-2.39.5/bin/git $(h c)-home-manager-path/bin/git
ln -sfn $(h k)-deploy/bin/deploy $(h c)-home-manager-path/bin/deploy
echo font > $(h l)-fonts-2.37/share/fonts/a.ttf; ln -sfn $(h l)-fonts-2.37/share/fonts $(h c)-home-manager-path/share/fonts
printf 'export LANG=C\n' > $(h m)-vars.sh/etc/profile.d/vars.sh; ln -sfn $(h m)-vars.sh/etc $(h c)-home-manager-path/etc
echo page > $(h o)-home-configuration-reference-manpage/share/man/page; ln -sfn $(h o)-home-configuration-reference-manpage/share/man $(h c)-home-manager-path/share/man
echo run > $(h m)-vars.sh/bin/not-on-path
for d in bin share; do ln -sfn $(h c)-home-manager-path/$d $(h f)-user-environment/$d; done
mkdir -p $(h f)-user-environment/etc; ln -sfn $(h c)-home-manager-path/etc/profile.d $(h f)-user-environment/etc/profile.d
ln -sfn $(h n)-env-manifest.nix $(h f)-user-environment/manifest.nix; echo '[]' > $(h n)-env-manifest.nix
H=/home/alice; cd $H
mkdir -p .config dots .local/state/nix/profiles .cache/nix
echo junk > .cache/nix/db
ln -sfn $(h z)-home-manager-files/.bashrc .bashrc
ln -sfn $(h z)-home-manager-files/.config/nvim .config/nvim
ln -sfn $(h z)-home-manager-files/.outrc .outrc
echo mine > dots/rc
ln -sfn $(h a)-nvim straight; ln -sfn $(h f)-user-environment profile-link
ln -sfn home-manager-2-link .local/state/nix/profiles/home-manager
ln -sfn $(h d)-home-manager-generation .local/state/nix/profiles/home-manager-1-link
ln -sfn $(h d)-home-manager-generation .local/state/nix/profiles/home-manager-2-link
ln -sfn profile-1-link .local/state/nix/profiles/profile
ln -sfn $(h f)-user-environment .local/state/nix/profiles/profile-1-link
ln -sfn .local/state/nix/profiles/profile .nix-profile
mkdir -p odd; cd odd
printf 'x' > "$(printf 'bad\377name')"; printf 'y' > "$(printf 'new\nline')"; printf z > ./-rf
ln -sfn loop2 loop1; ln -sfn loop1 loop2; ln -sfn . self; ln -sfn nowhere dangling; ln -sfn /dev/null devnull; ln -sfn /proc/kcore kcore
truncate -s 2G sparse; printf data | dd of=sparse bs=1 seek=1000000000 conv=notrunc 2>/dev/null
truncate -s 1M smallsparse
mkfifo -m 644 fifo; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local=>"sock",Listen=>1)'
echo a > hard1; ln -f hard1 hard2; mkdir -p secret; echo s > secret/s; chmod 000 secret
d=$(printf 'd%.0s' $(seq 200)); mkdir -p $d/$d/$d; echo deep > $d/$d/$d/f
head -c 100000 /dev/urandom > big.bin
chown -R -h alice: $H
printf 'export PATH="$HOME/.nix-profile/bin:$PATH" EDITOR=vim\necho noise\n' > $H/.profile; chown alice: $H/.profile
chmod 750 $H
