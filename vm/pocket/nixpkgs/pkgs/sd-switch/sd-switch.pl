# sd-switch [--dry-run] [--verbose] [--timeout MS] [--old-units DIR] --new-units DIR
#
# Brings the running user units in line with the unit files of a new generation, as sd-switch 0.6 does: what is gone is
# stopped; what differs is stopped and started anew, or treated as its X-SwitchMethod says; then everything that an
# active target wants is started, also what somebody stopped by hand.
use strict;
use warnings;

my (%option, $dry, $verbose);
while (defined(my $word = shift @ARGV)) {
  if    ($word =~ /^(-n|--dry-run)$/)                      { $dry     = 1 }
  elsif ($word =~ /^(-v|--verbose)$/)                      { $verbose = 1 }
  elsif ($word =~ /^--(timeout|old-units|new-units)$/)     { $option{$1} = shift @ARGV // die "Argument to option '$1' missing\n" }
  elsif ($word =~ /^--(timeout|old-units|new-units)=(.*)/) { $option{$1} = $2 }
  else                                                     { die "Unrecognized option: '$word'\n" }
}
my $new = $option{'new-units'} // die "Required option 'new-units' missing.\n";
my $old = $option{'old-units'};
for ($new, $old // ()) { -d or die "$_ is not a directory\n" }
$| = 1;
print "Performing dry-run\n" if $dry;

sub manager { # what systemctl says, by lines
  open my $pipe, '-|', 'systemctl', '--user', @_ or die "systemctl: $!\n";
  my @lines = <$pipe>;
  close $pipe;
  chomp @lines;
  return @lines;
}
sub units_in { return map { (split)[0] } manager('list-units', '--plain', '--no-legend', "--state=$_[0]") }
# Asked of the unit that runs, since its file may say something else by now.
sub refuses_to_stop { return (manager('show', '--property=RefuseManualStop', '--value', '--', $_[0]))[0] eq 'yes' }

# The file of a unit in a directory, or that of the template it is made from; none when it is masked.
sub file_of {
  my ($dir, $unit) = @_;
  my @names = $unit;
  push @names, "$1\@.$2" if $unit =~ /^([^@]*)@.+\.([^.]+)$/;
  for (map { "$dir/$_" } @names) { return $_ if -e && !-c }
  return undef;
}

# Sections and keys of a unit file and its drop-ins: "Section.Key" => value. Repeated keys of one file are one list; a
# drop-in's key takes the place of the file's.
sub settings {
  my ($file) = @_;
  my %all;
  for my $part ($file, sort glob "\Q$file\E.d/*.conf") {
    open my $in, '<', $part or die "Failed to load unit file $part\n";
    my $text = do { local $/; <$in> } // '';
    $text =~ s/\\\n[ \t]*(?:[#;].*\n[ \t]*)*/ /g;
    my ($section, %here) = ('');
    for (split /\n/, $text) {
      if    (/^\s*(?:[#;]|$)/)                   { next }
      elsif (/^\[([^\]]*)\]$/)                   { $section = $1 }
      elsif (/^\s*([A-Za-z0-9-]+)\s*=\s*(.*?)\s*$/) { push @{ $here{"$section.$1"} }, $2 }
      else                                       { die "Failed to load unit file $part\n" }
    }
    $all{$_} = join "\n", @{ $here{$_} } for keys %here;
  }
  return \%all;
}
sub is { # whether a key is set to true, or to false
  my ($settings, $key, $wanted) = @_;
  my $value = lc($settings->{"Unit.$key"} // '');
  return $wanted ? $value =~ /^(1|y|yes|t|true|on)$/ : $value =~ /^(0|n|no|f|false|off)$/;
}
sub method {
  my ($unit) = @_;
  return 'stop-only' if is($unit, 'RefuseManualStart', 1);
  return $unit->{'Unit.X-SwitchMethod'} if $unit->{'Unit.X-SwitchMethod'};
  return 'reload' if is($unit, 'X-ReloadIfChanged', 1);
  return 'keep-old' if is($unit, 'X-RestartIfChanged', 0);
  return 'restart' if is($unit, 'X-StopIfChanged', 0);
  return 'stop-start';
}
sub equal_but { # whether two units differ in nothing but these keys
  my ($one, $other, @keys) = @_;
  my @texts;
  for my $unit ($one, $other) {
    my %rest = %$unit;
    delete @rest{ map { "Unit.$_" } @keys };
    push @texts, join "\0", map { "$_=$rest{$_}" } sort keys %rest;
  }
  return $texts[0] eq $texts[1];
}

my $state = (manager('is-system-running'))[0] // '';
if ($state eq 'degraded') {
  my $failed = join ', ', units_in('failed');
  print STDERR "The service manager is degraded.\nFailed services: $failed\nAttempting to continue anyway...\n";
}
elsif ($state !~ /^(running|starting|initializing)$/) {
  print "Skipping switch since systemd has $state status\n" if $verbose;
  exit 0;
}

# ---- the plan: unit => what to do with it -------------------------------------
my @active = units_in('active,activating');
my %is_active = map { $_ => 1 } @active;
my %plan;
for my $unit (@active) {
  my $new_file = file_of($new, $unit);
  my $old_file = defined $old ? file_of($old, $unit) : undef;
  if (!defined $new_file) {
    $plan{$unit} = refuses_to_stop($unit) ? 'keep' : 'stop' if defined $old_file;
    next;
  }
  my $after = settings($new_file);
  if (!defined $old_file) {
    $plan{$unit} = refuses_to_stop($unit) || method($after) eq 'stop-only' ? 'keep' : 'stop-start';
    next;
  }
  my $before = settings($old_file);
  my $method = method($after);
  if    (equal_but($before, $after, 'Description', 'Documentation'))                      { $plan{$unit} = 'none' }
  elsif (equal_but($before, $after, 'Description', 'Documentation', 'X-Reload-Triggers')) { $plan{$unit} = 'reload' }
  elsif ($unit =~ /\.target$/)                                                            { $plan{$unit} = $method eq 'stop-only' ? 'keep' : 'start' }
  elsif ($method eq 'keep-old')                                                           { $plan{$unit} = 'keep' }
  elsif ($method =~ /^(reload|restart)$/)                                                 { $plan{$unit} = $method }
  elsif (refuses_to_stop($unit))                                                          { $plan{$unit} = 'none' }
  else                                                                                    { $plan{$unit} = $method eq 'stop-only' ? 'stop' : 'stop-start' }
}
for my $link (glob "\Q$new\E/*.target.wants/*") {
  my ($target, $unit) = $link =~ m{([^/]*)\.wants/([^/]*)$};
  next if !$is_active{$target} || $is_active{$unit};
  $plan{$unit} = method(settings($link)) eq 'stop-only' ? 'none' : 'start';
}
sub planned { my ($actions) = @_; return grep { $plan{$_} =~ /^(?:$actions)$/ } sort keys %plan }

# ---- carrying it out ----------------------------------------------------------
sub act { # WORD VERB UNIT…: what fails is said and fails nothing else
  my ($word, $verb, @units) = @_;
  return if !@units;
  print "$word units: ", join(', ', @units), "\n";
  return if $dry;
  my @told = manager_errors($verb, '--', @units);
  for (@told) {
    if    (/^Job for (\S+) failed/)                     { print "$1 failed\n" }
    elsif (/^A dependency job for (\S+) failed/)        { print "$1 dependency\n" }
    elsif (/^Job for (\S+) canceled/)                   { print "$1 canceled\n" }
    elsif (/^(?:Job for (\S+) )?.*timed? ?out/i && $1)  { print "$1 timeout\n" }
  }
}
sub manager_errors { # what systemctl says to standard error, by lines
  my @arguments = @_;
  my $pid = open my $pipe, '-|';
  die "fork: $!\n" if !defined $pid;
  if (!$pid) {
    open STDERR, '>&', \*STDOUT or die "$!\n";
    exec 'systemctl', '--user', @arguments or die "systemctl: $!\n";
  }
  my @lines = <$pipe>;
  close $pipe;
  chomp @lines;
  return @lines;
}

act('Stopping', 'stop', planned('stop|stop-start'));
if (!$dry) {
  manager('reset-failed');
  manager('daemon-reload');
}
act('Reloading', 'reload', planned('reload'));
act('Restarting', 'restart', planned('restart'));
print 'Keeping old units: ', join(', ', planned('keep')), "\n" if planned('keep');
print 'Keeping unchanged units: ', join(', ', planned('none')), "\n" if $verbose && planned('none');
act('Starting', 'start', planned('start|stop-start'));
