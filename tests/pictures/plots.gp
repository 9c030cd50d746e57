# gnuplot -c plots.gp DATA SVG: draw one of the three files that measure.sh writes;
# called by draw.sh.
data = ARG1
what = system("basename ".data." .tsv")
set terminal svg size 400,300 font "sans-serif,12" background "#ffffff"
set output ARG2
set datafile separator tab
set key top left Left reverse samplen 2 spacing 1.1
set border 3 linecolor "#606060"
set tics nomirror out
set grid ytics linecolor "#dddddd"
set tmargin 3
set style line 1 linecolor "#1f5fb4" linewidth 2 pointtype 7 pointsize 0.7
set style line 2 linecolor "#c8641e" linewidth 2 pointtype 5 pointsize 0.7
set style line 3 linecolor "#3c8c46" linewidth 2 pointtype 9 pointsize 0.8
set style line 4 linecolor "#808080" linewidth 1 dashtype 2

if (what eq "start") {
	set title "CPU time of a whole process"
	set ylabel "milliseconds"
	set yrange [0:*]
	set xrange [-0.5:1.5]
	set style fill solid
	set boxwidth 0.35
	unset grid
	plot data using 0:(0):xticlabels(1) every ::1 with dots notitle, \
	    "" using ($0 - 0.18):2 every ::1 with boxes linestyle 1 \
	        title "gm-prompt", \
	    "" using ($0 + 0.18):3 every ::1 with boxes linestyle 2 \
	        title "curl", \
	    "" using ($0 - 0.18):2:(strcol(2)) every ::1 with labels \
	        offset 0,0.6 notitle, \
	    "" using ($0 + 0.18):3:(strcol(3)) every ::1 with labels \
	        offset 0,0.6 notitle
}

if (what eq "rate") {
	set title "Rate of a batch, 50 ms of latency"
	set xlabel "requests at once (-j)"
	set ylabel "records per second"
	set logscale xy 4
	set format y "%.0f"
	set xrange [0.8:100]
	set yrange [5:3000]
	set xtics (1, 4, 16, 64)
	set ytics (10, 100, 1000)
	plot data using 1:4 every ::1 with lines linestyle 4 title "ideal", \
	    "" using 1:3 every ::1 with linespoints linestyle 2 \
	        title "curl -Z", \
	    "" using 1:2 every ::1 with linespoints linestyle 1 \
	        title "gm-prompt", \
	    "" using 1:2:(strcol(2)) every ::1 with labels offset 0.5,-1 \
	        textcolor linestyle 1 notitle
}

if (what eq "memory") {
	set title "Peak memory of a batch"
	set xlabel "records"
	set ylabel "MiB"
	set logscale x
	set xrange [700:180000]
	set yrange [0:*]
	set xtics ("1,000" 1000, "10,000" 10000, "100,000" 100000)
	plot data using 1:4 every ::1 with linespoints linestyle 2 \
	        title "curl -Z", \
	    "" using 1:2 every ::1 with linespoints linestyle 1 \
	        title "gm-prompt", \
	    "" using 1:3 every ::1 with linespoints linestyle 3 \
	        title "gm-prompt --resume", \
	    "" using 1:4:(strcol(4)) every ::3 with labels offset 0,0.8 \
	        textcolor linestyle 2 notitle, \
	    "" using 1:2:(strcol(2)) every ::3 with labels offset 0,0.9 \
	        textcolor linestyle 1 notitle
}
