# mozlz4a INPUT OUTPUT
#
# Packs a file as Firefox keeps its settings: "mozLz40", the size, and one LZ4 block. The block is written as literals
# alone, which every LZ4 reader takes.
use strict;
use warnings;

die "The pocket channel's mozlz4a packs, and has no options: mozlz4a INPUT OUTPUT\n" if @ARGV != 2 || $ARGV[0] =~ /^-/;
my ($from, $to) = @ARGV;
open my $in, '<:raw', $from or die "$from: $!\n";
my $text = do { local $/; <$in> } // '';
my $length = length $text;
my $block = chr(($length < 15 ? $length : 15) << 4);
for (my $rest = $length - 15; $rest >= 0; $rest -= 255) { $block .= chr($rest < 255 ? $rest : 255) }
open my $out, '>:raw', $to or die "$to: $!\n";
print {$out} "mozLz40\0", pack('V', $length), $block, $text;
close $out or die "$to: $!\n";
